namespace BoundedCache.TwoTier;

/// <summary>What a node says about Redis.</summary>
internal static partial class NodeLog
{
    [LoggerMessage(
        1,
        LogLevel.Warning,
        "Expected Redis at {Place}, got no connection. The node starts without its second level and connects when "
            + "Redis is there. Debian: apt-get install redis-server; another place: --redis HOST:PORT.")]
    public static partial void NoRedis(ILogger log, string place);

    [LoggerMessage(
        2, LogLevel.Warning, "Redis at {Place} is gone. The node answers from its own memory and from the source.")]
    public static partial void RedisIsGone(ILogger log, string place);

    [LoggerMessage(3, LogLevel.Information, "Redis at {Place} is back.")]
    public static partial void RedisIsBack(ILogger log, string place);

    [LoggerMessage(
        4, LogLevel.Information, "Another node changed {Key}; it was told after {Milliseconds} ms by both clocks.")]
    public static partial void ChangedElsewhere(ILogger log, string? key, long milliseconds);
}
