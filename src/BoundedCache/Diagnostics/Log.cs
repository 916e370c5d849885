using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Logging;

namespace BoundedCache.Diagnostics;

/// <summary>The events that the library logs; ids are stable.</summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "{Report}", EventName = "Shrunk")]
    public static partial void Shrunk(ILogger logger, ShrinkReport report);

    [LoggerMessage(2, LogLevel.Information, "{Cache}: limit raised from {OldMaxMemory} to {NewMaxMemory} bytes", EventName = "Raised")]
    public static partial void Raised(ILogger logger, string cache, long oldMaxMemory, long newMaxMemory);

    [LoggerMessage(3, LogLevel.Error, "{Cache}: an eviction callback failed (reason {Reason})", EventName = "CallbackFailed")]
    public static partial void CallbackFailed(ILogger logger, string cache, EvictionReason reason, Exception failure);

    [LoggerMessage(4, LogLevel.Warning, "{Cache}: the sizer for {Type} failed; the object was measured instead", EventName = "SizerFailed")]
    public static partial void SizerFailed(ILogger logger, string cache, Type type, Exception failure);

    [LoggerMessage(5, LogLevel.Error, "{Cache}: an entry's change token failed", EventName = "TokenFailed")]
    public static partial void TokenFailed(ILogger logger, string cache, Exception failure);
}
