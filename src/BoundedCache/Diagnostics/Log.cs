using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Logging;

namespace BoundedCache.Diagnostics;

/// <summary>The events that the library logs. Ids are stable, and listed in docs/DIAGNOSTICS.md.</summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "{Report}", EventName = "Shrunk")]
    public static partial void Shrunk(ILogger logger, ShrinkReport report);

    [LoggerMessage(
        2,
        LogLevel.Information,
        "{Cache}: limit raised from {OldMaxMemory} to {NewMaxMemory} {Unit}",
        EventName = "Raised")]
    public static partial void Raised(
        ILogger logger, string cache, long oldMaxMemory, long newMaxMemory, string unit);

    [LoggerMessage(
        3,
        LogLevel.Error,
        "{Cache}: an eviction callback failed (reason {Reason}; {Unlogged} like it were "
            + "not logged since the last line)",
        EventName = "CallbackFailed")]
    public static partial void CallbackFailed(
        ILogger logger, string cache, EvictionReason reason, long unlogged, Exception failure);

    [LoggerMessage(
        4,
        LogLevel.Warning,
        "{Cache}: the sizer for {Type} failed; the object was measured instead ({Unlogged} like it were "
            + "not logged since the last line)",
        EventName = "SizerFailed")]
    public static partial void SizerFailed(ILogger logger, string cache, Type type, long unlogged, Exception failure);

    [LoggerMessage(
        5,
        LogLevel.Error,
        "{Cache}: an entry's change token failed ({Unlogged} like it were not logged since the last line)",
        EventName = "TokenFailed")]
    public static partial void TokenFailed(ILogger logger, string cache, long unlogged, Exception failure);

    [LoggerMessage(
        13,
        LogLevel.Error,
        "{Cache}: a scan for expired entries failed. The next one tries again. "
            + "Said once for each type of exception",
        EventName = "ScanFailed")]
    public static partial void ScanFailed(ILogger logger, string cache, Exception failure);

    [LoggerMessage(6, LogLevel.Information, "{Report}", EventName = "Released")]
    public static partial void Released(ILogger logger, ShrinkReport report);

    [LoggerMessage(
        7,
        LogLevel.Warning,
        "{Cache}: the size of a {Type} can only be estimated: it keeps more objects alive than are counted, "
            + "or some of unknown size. AddSizer<T> can tell it. Said once for each type",
        EventName = "SizeEstimated")]
    public static partial void SizeEstimated(ILogger logger, string cache, Type type);

    [LoggerMessage(
        8,
        LogLevel.Warning,
        "{Cache}: another live cache with the same meter has this name; their metrics are added up. "
            + "Give each a name of its own to tell them apart",
        EventName = "NameShared")]
    public static partial void NameShared(ILogger logger, string cache);

    [LoggerMessage(
        9,
        LogLevel.Warning,
        "{Cache}: this process cannot generate code (native AOT), so objects are not measured, "
            + "the first of them a {Type}; their entries are charged their ICacheEntry.Size. Set it, "
            + "or register AddSizer<T> for such types. Strings and arrays of primitive types are measured exactly",
        EventName = "ObjectsNotMeasured")]
    public static partial void ObjectsNotMeasured(ILogger logger, string cache, Type type);

    [LoggerMessage(
        15,
        LogLevel.Error,
        "{Cache}: disposing a {Type} that left the cache failed ({Unlogged} like it were not logged since the last "
            + "line)",
        EventName = "DisposalFailed")]
    public static partial void DisposalFailed(
        ILogger logger, string cache, Type type, long unlogged, Exception failure);

    [LoggerMessage(
        10,
        LogLevel.Information,
        "The release that was owed for {Seconds:0.0} s has run. {Report}",
        EventName = "OwedReleased")]
    public static partial void OwedReleased(ILogger logger, double seconds, ShrinkReport report);

    [LoggerMessage(
        11,
        LogLevel.Warning,
        "The release that is owed was tried {Tries} times, and is tried no more. {Report}",
        EventName = "OwedReleaseGivenUp")]
    public static partial void OwedReleaseGivenUp(ILogger logger, int tries, ShrinkReport report);

    [LoggerMessage(
        12,
        LogLevel.Error,
        "{Cache}: the release that is owed failed, and is tried again a few times",
        EventName = "OwedReleaseFailed")]
    public static partial void OwedReleaseFailed(ILogger logger, string cache, Exception failure);

    [LoggerMessage(
        16,
        LogLevel.Error,
        "{Cache}: pacing could not collect; it tries again, and RSS may exceed its bound until that succeeds",
        EventName = "PacingFailed")]
    public static partial void PacingFailed(ILogger logger, string cache, Exception failure);

    [LoggerMessage(
        20,
        LogLevel.Information,
        "{Cache}: {Section}:MaxMemory has changed; the limit goes from {OldMaxMemory} to {NewMaxMemory} {Unit}",
        EventName = "LimitReloaded")]
    public static partial void LimitReloaded(
        ILogger logger, string cache, string section, long oldMaxMemory, long newMaxMemory, string unit);

    [LoggerMessage(
        21,
        LogLevel.Error,
        "{Cache}: {Section} has changed and is refused; nothing changes, and the limit stays at "
            + "{MaxMemory} {Unit}. {Failures}",
        EventName = "ReloadRefused")]
    public static partial void ReloadRefused(
        ILogger logger, string cache, string section, long maxMemory, string unit, string failures);

    [LoggerMessage(
        22,
        LogLevel.Warning,
        "{Cache}: {Options} in {Section} changed; that takes effect when the service starts again",
        EventName = "RestartNeeded")]
    public static partial void RestartNeeded(ILogger logger, string cache, string section, string options);

    [LoggerMessage(
        23,
        LogLevel.Warning,
        "{Cache}: {Section}:MaxMemory is gone; nothing changes, and the limit stays at {MaxMemory} {Unit}",
        EventName = "MaxMemoryGone")]
    public static partial void MaxMemoryGone(ILogger logger, string cache, string section, long maxMemory, string unit);

    [LoggerMessage(
        24,
        LogLevel.Warning,
        "{Cache}: {Section} holds no settings; is that the section's name?",
        EventName = "SectionEmpty")]
    public static partial void SectionEmpty(ILogger logger, string cache, string section);

    [LoggerMessage(
        25,
        LogLevel.Error,
        "{Cache}: the limit has changed, and giving memory back failed",
        EventName = "ReleaseFailed")]
    public static partial void ReleaseFailed(ILogger logger, string cache, Exception failure);

    [LoggerMessage(
        26,
        LogLevel.Warning,
        "{Cache}: HybridCache keeps everything twice, in this cache and in the one of {Method}. "
            + "Remove that call, or pass HybridCacheEntryFlags.DisableDistributedCache",
        EventName = "KeptTwice")]
    public static partial void KeptTwice(ILogger logger, string cache, string method);

    [LoggerMessage(
        30,
        LogLevel.Information,
        "{Cache}: idle release: {Reason} ({Milliseconds:0} ms in all, GC pause {PauseMilliseconds:0} ms, "
            + "at most {LongestMilliseconds:0} ms at once)",
        EventName = "IdleReleased")]
    public static partial void IdleReleased(
        ILogger logger,
        string cache,
        string reason,
        double milliseconds,
        double pauseMilliseconds,
        double longestMilliseconds);

    [LoggerMessage(
        31,
        LogLevel.Error,
        "{Cache}: an idle release failed, or the check whether one is due. The next check tries again. "
            + "Said once for each type of exception",
        EventName = "IdleReleaseFailed")]
    public static partial void IdleReleaseFailed(ILogger logger, string cache, Exception failure);

    [LoggerMessage(
        40,
        LogLevel.Warning,
        "{Cache}: with its limit of {MaxMemory} bytes, the caches of this process may need more than it can hold. "
            + "{Finding}",
        EventName = "HeapLimit")]
    public static partial void HeapLimit(ILogger logger, string cache, long maxMemory, MemoryReportFinding finding);

    [LoggerMessage(
        41,
        LogLevel.Warning,
        "{Cache}: the process is short of memory, and the limit of {MaxMemory} bytes is {EffectiveMaxMemory} for now. "
            + "{Pressure}",
        EventName = "Yielded")]
    public static partial void Yielded(
        ILogger logger, string cache, long maxMemory, long effectiveMaxMemory, CachePressure pressure);

    [LoggerMessage(
        42,
        LogLevel.Information,
        "{Cache}: the limit of {MaxMemory} bytes holds in full again",
        EventName = "YieldingEnded")]
    public static partial void YieldingEnded(ILogger logger, string cache, long maxMemory);

    [LoggerMessage(
        43,
        LogLevel.Warning,
        "{Cache}: what was evicted for want of memory did not leave the process; something else refers to the entries "
            + "or takes the memory. Yielding stops, and is tried again after a while. {Pressure}",
        EventName = "YieldingStopped")]
    public static partial void YieldingStopped(ILogger logger, string cache, CachePressure pressure);

    [LoggerMessage(
        50,
        LogLevel.Information,
        "{Cache}: a {Type} was stored before it was finished. Its bytes are not known until it is; then it is "
            + "measured. Said once for each type",
        EventName = "ValuesUnfinished")]
    public static partial void ValuesUnfinished(ILogger logger, string cache, Type type);

    [LoggerMessage(
        51,
        LogLevel.Warning,
        "{Cache}: values of {Type} grew, or were finished, after they were stored. They are charged what they keep "
            + "alive now, and other entries are evicted for them. Said once for each type",
        EventName = "ValuesGrew")]
    public static partial void ValuesGrew(ILogger logger, string cache, Type type);

    [LoggerMessage(
        52,
        LogLevel.Warning,
        "{Cache}: values of {Type} changed after they were stored. The cache only reports it (AuditOnlyReports), "
            + "so they are charged what they were before. Said once for each type",
        EventName = "ValuesGrewUncharged")]
    public static partial void ValuesGrewUncharged(ILogger logger, string cache, Type type);

    [LoggerMessage(
        53,
        LogLevel.Warning,
        "{Cache}: values of {Type} changed after they were stored, and many of them share objects. About {Bytes} bytes "
            + "that they keep alive together are charged to no entry. Cache what is shared once, under a key of its "
            + "own. Said once for each type",
        EventName = "SharedValuesGrew")]
    public static partial void SharedValuesGrew(ILogger logger, string cache, Type type, long bytes);

    [LoggerMessage(
        54,
        LogLevel.Error,
        "{Cache}: measuring values again failed. It goes on, and what failed is tried again. "
            + "Said once for each type of exception",
        EventName = "AuditFailed")]
    public static partial void AuditFailed(ILogger logger, string cache, Exception exception);
}
