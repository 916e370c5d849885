using StackExchange.Redis;

namespace BoundedCache.TwoTier.Redis;

/// <summary>
/// The one connection of a node to Redis, for the second level and for the backplane. A node starts without Redis,
/// goes on without it, and finds it again.
/// </summary>
internal sealed class RedisLink : IAsyncDisposable
{
    private RedisLink(ConnectionMultiplexer connection) => Connection = connection;

    public ConnectionMultiplexer Connection { get; }

    /// <summary>Connects; where Redis is not reachable, it tries again in the background.</summary>
    /// <param name="configuration">Where Redis is.</param>
    /// <param name="timeout">How long anything may wait for Redis.</param>
    /// <exception cref="ArgumentException">The configuration cannot be read.</exception>
    public static async Task<RedisLink> ConnectAsync(string configuration, TimeSpan timeout)
    {
        int milliseconds = (int)timeout.TotalMilliseconds;
        ConfigurationOptions options = ConfigurationOptions.Parse(configuration);
        // The default is to throw where Redis is not there at the start.
        options.AbortOnConnectFail = false;
        options.ConnectTimeout = milliseconds;
        options.SyncTimeout = milliseconds;
        options.AsyncTimeout = milliseconds;
        // Timeouts are looked for this often; the default, a second, would add up to a second to each.
        options.HeartbeatInterval = TimeSpan.FromMilliseconds(Math.Clamp(milliseconds / 2, 50, 1000));
        // The default keeps commands until the connection is back: each request would wait for the whole timeout.
        options.BacklogPolicy = BacklogPolicy.FailFast;
        // The default waits longer and longer between two attempts.
        options.ReconnectRetryPolicy = new LinearRetry(milliseconds);
        return new RedisLink(await ConnectionMultiplexer.ConnectAsync(options));
    }

    public ValueTask DisposeAsync() => Connection.DisposeAsync();
}
