using System.Text.Json.Serialization;
using BoundedCache.AspNetCore.Json;

namespace BoundedCache.AspNetCore.Changes;

/// <summary>A <see cref="ShrinkReport"/> as the API shows it, and when it was known.</summary>
/// <remarks>
/// <para><c>NewMaxBytes</c>: The limit that this change set. A later one may have set another since.</para>
/// <para><c>Summary</c>: The report in one line.</para>
/// </remarks>
internal sealed record ShrinkView(
    DateTimeOffset Time,
    string CacheName,
    long OldMaxBytes,
    long NewMaxBytes,
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
    public static ShrinkView From(ShrinkReport report, DateTimeOffset time) => new(
        time,
        report.CacheName,
        report.OldMaxMemory,
        report.NewMaxMemory,
        report.EntriesEvicted,
        report.BytesEvicted,
        report.UsedMemory,
        report.Count,
        Milliseconds(report.EvictionTime),
        Milliseconds(report.TotalTime),
        Milliseconds(report.GcPause),
        Milliseconds(report.LongestGcPause),
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
