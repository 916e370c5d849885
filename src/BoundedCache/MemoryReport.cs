using System.Text.Json;
using BoundedCache.Entries;
using BoundedCache.Report;

namespace BoundedCache;

/// <summary>
/// The resident memory (RSS) of this process taken apart: what caches account for, what else is live, what is
/// dead, and what is no managed memory at all; and what holds the parts that are large for no good reason,
/// with what to do about it.
/// </summary>
/// <remarks>
/// On Linux the kernel counts the pages of each mapping (<c>/proc/self/smaps</c>) for the report, which takes it some
/// milliseconds, and about 20 ms more for each GiB that is resident; meanwhile other threads that map memory may wait.
/// Elsewhere the managed heap is what the collector says it committed, and the rest is one row. So it is made on
/// demand, and not for every scrape of a metric.
/// </remarks>
public sealed record MemoryReport
{
    /// <summary>Resident memory in bytes: what the rows add up to.</summary>
    public required long ResidentBytes { get; init; }

    /// <summary>
    /// The managed heap's part of it in bytes: what the rows <see cref="MemoryReportRowKind.Cache"/> to
    /// <see cref="MemoryReportRowKind.Unused"/> add up to.
    /// </summary>
    public required long HeapBytes { get; init; }

    /// <summary>
    /// Whether the kernel counted <see cref="HeapBytes"/>; false where it is what the collector says it committed.
    /// </summary>
    public required bool IsHeapCounted { get; init; }

    /// <summary>
    /// How the report was made. <see cref="MemoryReportMode.Observe"/> as well where a collection was asked
    /// for and could not be run.
    /// </summary>
    public required MemoryReportMode Mode { get; init; }

    /// <summary>The parts: one of each kind, in the order of <see cref="MemoryReportRowKind"/>.</summary>
    public required IReadOnlyList<MemoryReportRow> Rows { get; init; }

    /// <summary>
    /// What holds much memory and can be changed, the largest first; empty when there is nothing to do.
    /// </summary>
    public required IReadOnlyList<MemoryReportFinding> Findings { get; init; }

    /// <summary>What could not be told, and why, as sentences.</summary>
    public required IReadOnlyList<string> Notes { get; init; }

    /// <summary>Time for which garbage collections stopped the managed threads while the report was made.</summary>
    public required TimeSpan GcPause { get; init; }

    /// <summary>Time that making the report took.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>
    /// Takes this process's memory apart without disturbing it. Thread-safe; never throws for lack of a source.
    /// </summary>
    /// <param name="caches">
    /// The caches whose entries are told from other live objects; none for all that there are in the process. A cache
    /// that is none of this library's counts as other live objects.
    /// </param>
    /// <returns>The process now.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="caches"/> is null.</exception>
    /// <exception cref="ArgumentException">One of the caches is null.</exception>
    public static MemoryReport Capture(params IEnumerable<IBoundedCache> caches) =>
        Capture(MemoryReportMode.Observe, caches);

    /// <summary>Takes this process's memory apart. Thread-safe; never throws for lack of a source.</summary>
    /// <param name="mode">How much the process may be disturbed.</param>
    /// <param name="caches">
    /// The caches whose entries are told from other live objects; none for all that there are in the process. A cache
    /// that is none of this library's counts as other live objects.
    /// </param>
    /// <returns>The process as it was before a collection, if there was one.</returns>
    /// <exception cref="ArgumentOutOfRangeException">An unknown mode.</exception>
    /// <exception cref="ArgumentNullException"><paramref name="caches"/> is null.</exception>
    /// <exception cref="ArgumentException">One of the caches is null.</exception>
    public static MemoryReport Capture(MemoryReportMode mode, params IEnumerable<IBoundedCache> caches)
    {
        if (!Enum.IsDefined(mode))
        {
            throw new ArgumentOutOfRangeException(nameof(mode), mode, "The mode must be Observe or Collect.");
        }

        ArgumentNullException.ThrowIfNull(caches);
        HashSet<IBoundedCache> given = [.. caches];
        if (given.Contains(null!))
        {
            throw new ArgumentException("One of the caches is null.", nameof(caches));
        }

        MemoryAnalysis analysis = MemoryAnalyzer.Shared.Take(
            mode == MemoryReportMode.Collect,
            () => LiveCaches.ReadShare(given.Count > 0 ? [.. given.OfType<ILiveCache>()] : LiveCaches.All));
        return From(analysis);
    }

    /// <summary>The bytes of one kind.</summary>
    /// <param name="kind">Which.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such kind.</exception>
    public long this[MemoryReportRowKind kind] =>
        Rows.FirstOrDefault(row => row.Kind == kind)?.Bytes
        ?? throw new ArgumentOutOfRangeException(nameof(kind), kind, "There is no such row.");

    /// <summary>
    /// The report as JSON: one object, camelCase names, bytes as integers, times in milliseconds,
    /// kinds and causes by name.
    /// </summary>
    /// <returns>Indented JSON.</returns>
    public string ToJson() =>
        JsonSerializer.Serialize(MemoryReportDocument.From(this), MemoryReportJsonContext.Default.MemoryReportDocument);

    /// <summary>The report for people: the rows as a table, and what there is to do.</summary>
    /// <returns>Lines that end with line feeds, in the invariant culture.</returns>
    public string ToText() => MemoryReportText.Write(this);

    /// <summary>The same as <see cref="ToText"/>.</summary>
    /// <returns>Several lines.</returns>
    public override string ToString() => ToText();

    internal static MemoryReport From(MemoryAnalysis analysis) => new()
    {
        ResidentBytes = analysis.Breakdown.ResidentBytes,
        HeapBytes = analysis.Breakdown.HeapBytes,
        IsHeapCounted = analysis.IsHeapCounted,
        Mode = analysis.Breakdown.IsLiveMeasured ? MemoryReportMode.Collect : MemoryReportMode.Observe,
        Rows = MemoryReportRows.From(analysis),
        Findings = MemoryRules.Check(analysis.Breakdown),
        Notes = analysis.Caches.Declared == 0
            ? analysis.Notes
            : [
                .. analysis.Notes,
                $"{analysis.Caches.Declared} cache{(analysis.Caches.Declared == 1 ? " is" : "s are")} left out, "
                    + $"for the sizes of {(analysis.Caches.Declared == 1 ? "its" : "their")} entries are "
                    + "declared and may be no bytes."],
        GcPause = analysis.GCPause,
        Duration = analysis.Duration,
    };
}
