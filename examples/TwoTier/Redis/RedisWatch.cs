using StackExchange.Redis;

namespace BoundedCache.TwoTier.Redis;

/// <summary>Says once that Redis is gone, and once that it is back.</summary>
/// <remarks>It looks at the connection: one of the client's events was seen to be missing after a break.</remarks>
internal sealed class RedisWatch(RedisLink redis, NodeOptions options, ILoggerFactory loggers) : BackgroundService
{
    private readonly ILogger _log = loggers.CreateLogger("BoundedCache.TwoTier");

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        ConnectionMultiplexer connection = redis.Connection;
        string place = string.Join(", ", connection.GetEndPoints().Select(static point => point.ToString()));
        bool wasConnected = connection.IsConnected;
        if (!wasConnected)
        {
            NodeLog.NoRedis(_log, place);
        }

        using var timer = new PeriodicTimer(options.RedisTimeout / 4);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            bool isConnected = connection.IsConnected;
            if (wasConnected && !isConnected)
            {
                NodeLog.RedisIsGone(_log, place);
            }
            else if (isConnected && !wasConnected)
            {
                NodeLog.RedisIsBack(_log, place);
            }

            wasConnected = isConnected;
        }
    }
}
