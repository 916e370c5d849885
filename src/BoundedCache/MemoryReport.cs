using BoundedCache.Entries;
using BoundedCache.Report;

namespace BoundedCache;

/// <summary>
/// The resident memory (RSS) of this process taken apart: cache entries, other live objects, dead objects, and memory
/// that is not managed. Findings say what holds large parts for no good reason, and what to do about it.
/// </summary>
/// <remarks>
/// On Linux the kernel counts the pages of each mapping for the report (<c>/proc/self/smaps</c>). That takes some
/// milliseconds, and longer the more is resident; other threads that map memory may wait meanwhile. Elsewhere the
/// managed heap is what the collector says it committed, and the rest is one row. So make a report on demand, and not
/// for every scrape of a metric. A report can be built by hand for a test: every property has a default.
/// </remarks>
public sealed record MemoryReport
{
    /// <summary>Resident memory in bytes, the sum of the rows; 0 by default, and where it is not known.</summary>
    public long ResidentBytes { get; init; }

    /// <summary>
    /// Whether no source tells <see cref="ResidentBytes"/>, as where <c>/proc</c> is hidden. The rows then hold the
    /// managed heap alone. False by default.
    /// </summary>
    public bool IsResidentUnknown { get; init; }

    /// <summary>
    /// The managed heap's part of it in bytes, the sum of the rows <see cref="MemoryReportRowKind.Cache"/> to
    /// <see cref="MemoryReportRowKind.Unused"/>; 0 by default.
    /// </summary>
    public long HeapBytes { get; init; }

    /// <summary>
    /// Whether the kernel counted <see cref="HeapBytes"/>. False, the default, where it is what the collector says it
    /// committed.
    /// </summary>
    public bool IsHeapCounted { get; init; }

    /// <summary>
    /// How the report was made. <see cref="MemoryReportMode.Observe"/>, the default, also where a collection was
    /// asked for and could not run.
    /// </summary>
    public MemoryReportMode Mode { get; init; }

    /// <summary>
    /// The parts: one of each kind, in the order of <see cref="MemoryReportRowKind"/>; empty by default.
    /// </summary>
    public IReadOnlyList<MemoryReportRow> Rows { get; init; } = [];

    /// <summary>
    /// What holds much memory and can be changed, the largest first; empty when there is nothing to do, and by default.
    /// </summary>
    public IReadOnlyList<MemoryReportFinding> Findings { get; init; } = [];

    /// <summary>What could not be measured, and why, as sentences; empty by default.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>
    /// Time for which the report's own garbage collections stopped the managed threads; zero under
    /// <see cref="MemoryReportMode.Observe"/>.
    /// </summary>
    public TimeSpan GCPause { get; init; }

    /// <summary>Time that making the report took.</summary>
    public TimeSpan Duration { get; init; }

    /// <summary>
    /// Takes this process's memory apart without disturbing it. Thread-safe; does not throw when a source is missing.
    /// </summary>
    /// <param name="caches">
    /// The caches whose entries get a row of their own; none for all caches of the process. A cache
    /// that is not of this library counts as other live objects.
    /// </param>
    /// <returns>The process now.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="caches"/> is null.</exception>
    /// <exception cref="ArgumentException">One of the caches is null.</exception>
    public static MemoryReport Capture(params IEnumerable<IBoundedCache> caches) =>
        Capture(MemoryReportMode.Observe, caches);

    /// <summary>Takes this process's memory apart. Thread-safe; does not throw when a source is missing.</summary>
    /// <param name="mode">How much the process may be disturbed.</param>
    /// <param name="caches">
    /// The caches whose entries get a row of their own; none for all caches of the process. A cache
    /// that is not of this library counts as other live objects.
    /// </param>
    /// <returns>The process as it was before a collection, if there was one.</returns>
    /// <exception cref="ArgumentOutOfRangeException">An unknown mode.</exception>
    /// <exception cref="ArgumentNullException"><paramref name="caches"/> is null.</exception>
    /// <exception cref="ArgumentException">One of the caches is null.</exception>
    public static MemoryReport Capture(MemoryReportMode mode, params IEnumerable<IBoundedCache> caches)
    {
        if (!Enum.IsDefined(mode))
        {
            throw new ArgumentOutOfRangeException(nameof(mode), mode, "Expected the mode Observe or Collect.");
        }

        ArgumentNullException.ThrowIfNull(caches);
        HashSet<IBoundedCache> given = [.. caches];
        if (given.Contains(null!))
        {
            throw new ArgumentException("One of the caches is null.", nameof(caches));
        }

        return From(MemoryAnalyzer.Shared.Take(mode == MemoryReportMode.Collect, () => ReadShare(given)).Recheck());
    }

    internal static CacheShare ReadShare(IReadOnlyCollection<IBoundedCache> given)
    {
        ILiveCache[] live = [.. given.OfType<ILiveCache>()];
        CacheShare share = LiveCaches.ReadShare(given.Count > 0 ? live : LiveCaches.All);

        // Entries of others may hold what is alive outside the counted caches.
        return share with { Uncounted = share.Uncounted + given.Count - live.Length };
    }

    /// <summary>
    /// Whether this process could hold the limits of all its caches if one of them had another limit: whether the
    /// managed heap's hard limit, the container and the machine have the memory that they need while entries come and
    /// go. Changes nothing. Thread-safe.
    /// </summary>
    /// <param name="cache">The cache.</param>
    /// <param name="maxMemory">The limit that it would have, in bytes.</param>
    /// <returns>
    /// What is missing, and what to do about it; null where nothing is known to be missing, or where the cache is not
    /// of this library, is disposed, or does not count bytes.
    /// </returns>
    /// <exception cref="ArgumentNullException"><paramref name="cache"/> is null.</exception>
    public static MemoryReportFinding? CheckLimit(IBoundedCache cache, long maxMemory)
    {
        ArgumentNullException.ThrowIfNull(cache);
        return cache is ILiveCache live ? LiveCaches.CheckLimit(live, maxMemory) : null;
    }

    /// <summary>The bytes of one kind.</summary>
    /// <param name="kind">The kind.</param>
    /// <exception cref="ArgumentOutOfRangeException">The report has no row of this kind.</exception>
    public long this[MemoryReportRowKind kind] =>
        Rows.FirstOrDefault(row => row.Kind == kind)?.Bytes
        ?? throw new ArgumentOutOfRangeException(nameof(kind), kind, "Expected a kind that the report has a row for.");

    /// <summary>
    /// The report as JSON: one object, camelCase names, bytes as integers, times in milliseconds,
    /// kinds and causes by name.
    /// </summary>
    /// <returns>Indented JSON.</returns>
    public string ToJson() => MemoryReportDocument.From(this).ToJson();

    /// <summary>The report for people: the rows as a table, then the findings with advice.</summary>
    /// <returns>Lines that end with line feeds, in the invariant culture.</returns>
    public string ToText() => MemoryReportText.Write(this);

    /// <summary>The same as <see cref="ToText"/>.</summary>
    /// <returns>Several lines.</returns>
    public override string ToString() => ToText();

    internal static MemoryReport From(MemoryAnalysis analysis) => new()
    {
        ResidentBytes = analysis.IsResidentUnknown ? 0 : analysis.Breakdown.ResidentBytes,
        IsResidentUnknown = analysis.IsResidentUnknown,
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
                    + $"because the sizes of {(analysis.Caches.Declared == 1 ? "its" : "their")} entries are "
                    + "declared and may not be bytes."],
        GCPause = analysis.GCPause,
        Duration = analysis.Duration,
    };
}

/// <summary>How much a <see cref="MemoryReport"/> may disturb the process to know more.</summary>
public enum MemoryReportMode
{
    /// <summary>
    /// Reads, and collects nothing. What is live and what is dead is an estimate. What survived the last garbage
    /// collection counts as live, except what left caches since the last collection of the whole heap. What was
    /// allocated since counts as dead, unless it is in a cache.
    /// </summary>
    Observe = 0,

    /// <summary>
    /// Reads, and then runs one blocking garbage collection of the whole heap to measure what was live, and a second
    /// one where finalizers hold dead objects. Every managed thread stops meanwhile; <see cref="MemoryReport.GCPause"/>
    /// says for how long. Inside a no-GC region it only observes, and a note says so.
    /// </summary>
    Collect = 1,
}
