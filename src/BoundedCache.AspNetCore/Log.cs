using BoundedCache.AspNetCore.Changes;
using Microsoft.Extensions.Logging;

namespace BoundedCache.AspNetCore;

/// <summary>
/// The events that the admin endpoint logs, in the category <c>BoundedCache.AspNetCore</c>. Ids are
/// stable; docs/ADMIN.md lists them.
/// </summary>
internal static partial class Log
{
    public const string Category = "BoundedCache.AspNetCore";

    [LoggerMessage(
        60,
        LogLevel.Information,
        "{Cache}: {Who} sets the limit from {OldMaxMemory} to {NewMaxMemory} {Unit}",
        EventName = "LimitSet")]
    public static partial void LimitSet(
        ILogger logger, string cache, string who, long oldMaxMemory, long newMaxMemory, string unit);

    [LoggerMessage(
        61, LogLevel.Information, "{Cache}: {Who} asks for a release ({ReleaseMode})", EventName = "ReleaseStarted")]
    public static partial void ReleaseStarted(ILogger logger, string cache, string who, string releaseMode);

    [LoggerMessage(
        62,
        LogLevel.Information,
        "{Cache}: {Kind} by {Who} has ended: limit {OldMaxMemory} -> {NewMaxMemory} {Unit}, {Outcome}, "
            + "{Milliseconds:0} ms (operation {Operation})",
        EventName = "ChangeEnded")]
    public static partial void ChangeEnded(
        ILogger logger,
        string cache,
        string who,
        OperationKind kind,
        long oldMaxMemory,
        long newMaxMemory,
        string unit,
        ReleaseOutcome outcome,
        double milliseconds,
        string operation);

    [LoggerMessage(
        69,
        LogLevel.Error,
        "How far a change is ({Kind}, operation {Operation}) cannot be told; the change goes on",
        EventName = "ProgressFailed")]
    public static partial void ProgressFailed(
        ILogger logger, OperationKind kind, string operation, Exception failure);

    [LoggerMessage(
        63, LogLevel.Error, "{Cache}: {Kind} by {Who} has failed (operation {Operation})", EventName = "ChangeFailed")]
    public static partial void ChangeFailed(
        ILogger logger, string cache, string who, OperationKind kind, string operation, Exception failure);

    [LoggerMessage(
        64,
        LogLevel.Information,
        "{Cache}: {Who} compacts by {Share}: {Entries} entries, {Bytes} {Unit} removed",
        EventName = "Compacted")]
    public static partial void Compacted(
        ILogger logger, string cache, string who, double share, long entries, long bytes, string unit);

    [LoggerMessage(
        65,
        LogLevel.Information,
        "{Cache}: {Who} clears the cache: {Entries} entries, {Bytes} {Unit} removed",
        EventName = "Cleared")]
    public static partial void Cleared(
        ILogger logger, string cache, string who, long entries, long bytes, string unit);

    [LoggerMessage(
        66,
        LogLevel.Information,
        "{Who} has memory reported with a collection: GC pause {PauseMilliseconds:0} ms",
        EventName = "Collected")]
    public static partial void Collected(ILogger logger, string who, double pauseMilliseconds);

    [LoggerMessage(
        70,
        LogLevel.Information,
        "{Who} has memory reported, and asked for a collection; nothing was collected. {Notes}",
        EventName = "NotCollected")]
    public static partial void NotCollected(ILogger logger, string who, string notes);

    [LoggerMessage(67, LogLevel.Error, "Taking a sample failed; the history has a gap", EventName = "SampleFailed")]
    public static partial void SampleFailed(ILogger logger, Exception failure);

    [LoggerMessage(
        68,
        LogLevel.Warning,
        "{Who} was refused ({Method}): {Reason}. {Unlogged} more were not logged since the last line",
        EventName = "Refused")]
    public static partial void Refused(ILogger logger, string who, string method, string? reason, long unlogged);
}
