using System.Text.Json.Serialization;
using BoundedCache.AspNetCore.Json;

namespace BoundedCache.AspNetCore.Changes;

/// <summary>A <see cref="ShrinkReport"/> as the API shows it, and when it was first seen.</summary>
/// <remarks>
/// <para><c>Number</c>: Counts up from 1 within one run of the service, in the order in which reports came.</para>
/// <para><c>Time</c>: When it came. One that comes late is dated before what began after it.</para>
/// <para>
/// <c>Sizing</c>: How the cache counts. With declared sizes limits, evicted and used bytes are the application's units.
/// </para>
/// <para><c>NewMaxBytes</c>: The limit that this change set. A later change may have set another one.</para>
/// <para><c>Summary</c>: The report in one line.</para>
/// </remarks>
internal sealed record ShrinkView(
    DateTimeOffset Time,
    string CacheName,
    [property: JsonConverter(typeof(CamelCaseEnum<EntrySizing>))] EntrySizing Sizing,
    long OldMaxBytes,
    long NewMaxBytes,
    [property: JsonConverter(typeof(CamelCaseEnum<MaxMemoryChange>))] MaxMemoryChange LimitChange,
    long EntriesEvicted,
    long BytesEvicted,
    long UsedBytes,
    int Count,
    double EvictionMilliseconds,
    double TotalMilliseconds,
    double GcPauseMilliseconds,
    double LongestGcPauseMilliseconds,
    int Collections,
    [property: JsonConverter(typeof(CamelCaseEnum<ReleaseMode>))] ReleaseMode ReleaseMode,
    [property: JsonConverter(typeof(CamelCaseEnum<ReleaseOutcome>))] ReleaseOutcome Outcome,
    string Reason,
    IReadOnlyList<string> Advice,
    ProcessMemorySnapshot Before,
    ProcessMemorySnapshot After,
    long ReleasedBytes,
    string Summary)
{
    public int Number { get; init; }

    /// <summary>When it came, also where it is dated earlier.</summary>
    [JsonIgnore]
    public DateTimeOffset Recorded { get; init; }

    public static ShrinkView From(ShrinkReport report, DateTimeOffset time) => new(
        time,
        report.CacheName,
        report.Sizing,
        report.OldMaxMemory,
        report.NewMaxMemory,
        report.LimitChange,
        report.EntriesEvicted,
        report.BytesEvicted,
        report.UsedMemory,
        report.Count,
        Milliseconds(report.EvictionTime),
        Milliseconds(report.TotalTime),
        Milliseconds(report.GCPause),
        Milliseconds(report.LongestGCPause),
        report.Collections,
        report.ReleaseMode,
        report.Outcome,
        report.Reason,
        report.Advice,
        report.Before,
        report.After,
        report.ReleasedBytes,
        report.ToString());

    private static double Milliseconds(TimeSpan time) => Math.Round(time.TotalMilliseconds, 3);
}

/// <summary>The current state of a change that takes time.</summary>
/// <remarks>
/// <para><c>Sizing</c>: How the cache counts its used bytes and its limit.</para>
/// <para><c>UsedBytes</c>: Accounted bytes of the cache now.</para>
/// <para><c>MaxBytes</c>: The limit of the cache now.</para>
/// <para><c>ResidentBytes</c>: Physical memory of the process now; null where nobody tells it.</para>
/// <para><c>Report</c>: What it did; null until it is completed.</para>
/// <para><c>Error</c>: Why it failed; null unless it failed.</para>
/// </remarks>
internal sealed record OperationView(
    string Id,
    string CacheName,
    [property: JsonConverter(typeof(CamelCaseEnum<EntrySizing>))] EntrySizing Sizing,
    [property: JsonConverter(typeof(CamelCaseEnum<OperationKind>))] OperationKind Kind,
    [property: JsonConverter(typeof(CamelCaseEnum<OperationState>))] OperationState State,
    DateTimeOffset Started,
    long UsedBytes,
    long MaxBytes,
    long? ResidentBytes,
    ShrinkView? Report,
    string? Error);

/// <summary>What an operation was asked to do.</summary>
internal enum OperationKind
{
    SetLimit,
    Release,
}

/// <summary>The phase of an operation.</summary>
internal enum OperationState
{
    /// <summary>The new limit is in force, and entries above it are being evicted.</summary>
    Evicting,

    /// <summary>Memory is being released, or the operation waits for another release to end.</summary>
    Releasing,

    Completed,

    Failed,
}

/// <summary>What compacting or clearing a cache removed, and what remains.</summary>
/// <remarks>
/// <para><c>Sizing</c>: How the cache counts what is called bytes here.</para>
/// <para><c>EntriesRemoved</c>: Entries that were removed for this reason while it ran.</para>
/// <para><c>BytesRemoved</c>: Their accounted bytes.</para>
/// </remarks>
internal sealed record RemovalView(
    string CacheName,
    [property: JsonConverter(typeof(CamelCaseEnum<EntrySizing>))] EntrySizing Sizing,
    long EntriesRemoved,
    long BytesRemoved,
    long UsedBytes,
    int Count);
