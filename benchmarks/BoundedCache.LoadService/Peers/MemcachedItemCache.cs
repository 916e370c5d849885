using System.Collections.Concurrent;
using System.Globalization;

namespace BoundedCache.LoadService.Peers;

/// <summary>
/// A memcached server beside the service, on loopback. Each connection carries one command at a time, and as many are
/// opened as there are commands at once.
/// </summary>
internal sealed class MemcachedItemCache(int port) : IItemCache
{
    private const long MegabyteBytes = 1024 * 1024;

    private readonly ConcurrentBag<MemcachedConnection> _idle = [];

    public static async Task<MemcachedItemCache> ConnectAsync(int port, long maxBytes)
    {
        var cache = new MemcachedItemCache(port);
        await cache.SetLimitAsync(maxBytes);
        return cache;
    }

    public async ValueTask<byte[]?> GetAsync(string key) => await UseAsync(connection => connection.GetAsync(key));

    public async ValueTask SetAsync(string key, byte[] item) => await UseAsync(async connection =>
    {
        await connection.SetAsync(key, item);
        return true;
    });

    public async Task<CacheFigures> ReadAsync()
    {
        Dictionary<string, string> statistics = await UseAsync(static connection => connection.ReadStatisticsAsync());
        return new CacheFigures(Number("limit_maxbytes"), Number("bytes"), Number("curr_items"));

        long Number(string name) => long.Parse(statistics[name], CultureInfo.InvariantCulture);
    }

    /// <remarks>The server's limit is whole megabytes, and it takes no less than one.</remarks>
    public async Task<string> SetLimitAsync(long maxBytes)
    {
        string command = string.Create(
            CultureInfo.InvariantCulture, $"cache_memlimit {Math.Max(1, maxBytes / MegabyteBytes)}");
        await UseAsync(async connection =>
        {
            await connection.CommandAsync(command);
            return true;
        });
        return command;
    }

    public ValueTask DisposeAsync()
    {
        while (_idle.TryTake(out MemcachedConnection? connection))
        {
            connection.Dispose();
        }

        return ValueTask.CompletedTask;
    }

    /// <summary>
    /// Runs one command on a connection of its own. One that failed has half an answer in it, and is not used again.
    /// </summary>
    private async Task<T> UseAsync<T>(Func<MemcachedConnection, Task<T>> command)
    {
        MemcachedConnection connection = _idle.TryTake(out MemcachedConnection? idle)
            ? idle
            : await MemcachedConnection.OpenAsync(port);
        try
        {
            T result = await command(connection);
            _idle.Add(connection);
            return result;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }
}
