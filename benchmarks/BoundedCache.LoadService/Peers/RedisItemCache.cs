using System.Diagnostics;
using System.Globalization;
using System.Net;
using StackExchange.Redis;

namespace BoundedCache.LoadService.Peers;

/// <summary>A Redis server beside the service, on loopback.</summary>
internal sealed class RedisItemCache : IItemCache
{
    private static readonly TimeSpan s_eviction = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan s_lookEvery = TimeSpan.FromMilliseconds(50);

    private readonly ConnectionMultiplexer _connection;
    private readonly IDatabase _database;
    private readonly IServer _server;

    private RedisItemCache(ConnectionMultiplexer connection, EndPoint endPoint)
    {
        _connection = connection;
        _database = connection.GetDatabase();
        _server = connection.GetServer(endPoint);
    }

    public static async Task<RedisItemCache> ConnectAsync(int port, long maxBytes)
    {
        var endPoint = new IPEndPoint(IPAddress.Loopback, port);
        var cache = new RedisItemCache(
            await ConnectionMultiplexer.ConnectAsync(new ConfigurationOptions
            {
                EndPoints = { endPoint },
                AllowAdmin = true,
                AbortOnConnectFail = true,
            }), endPoint);
        await cache.ConfigureAsync(maxBytes);
        return cache;
    }

    public async ValueTask<byte[]?> GetAsync(string key) => await _database.StringGetAsync(key);

    public async ValueTask SetAsync(string key, byte[] item) => await _database.StringSetAsync(key, item);

    public async Task<CacheFigures> ReadAsync() =>
        new(
            await NumberAsync("memory", "maxmemory"),
            await NumberAsync("memory", "used_memory"),
            await _server.DatabaseSizeAsync());

    /// <remarks>
    /// Redis goes on evicting for a while after it has answered. MEMORY PURGE before it is done would find pages
    /// that still hold something.
    /// </remarks>
    public async Task<string> SetLimitAsync(long maxBytes)
    {
        await ConfigureAsync(maxBytes);
        long started = Stopwatch.GetTimestamp();
        while (await NumberAsync("memory", "used_memory") > maxBytes && Stopwatch.GetElapsedTime(started) < s_eviction)
        {
            await Task.Delay(s_lookEvery);
        }

        await _server.ExecuteAsync("MEMORY", "PURGE");
        return $"CONFIG SET maxmemory {maxBytes}, evicted, MEMORY PURGE";
    }

    public ValueTask DisposeAsync() => _connection.DisposeAsync();

    private Task ConfigureAsync(long maxBytes) =>
        _server.ConfigSetAsync("maxmemory", maxBytes.ToString(CultureInfo.InvariantCulture));

    private async Task<long> NumberAsync(string section, string name) => long.Parse(
        (await _server.InfoAsync(section)).SelectMany(static group => group).Single(pair => pair.Key == name).Value,
        CultureInfo.InvariantCulture);
}
