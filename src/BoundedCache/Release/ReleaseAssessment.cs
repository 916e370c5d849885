using BoundedCache.Process;
using BoundedCache.Report;

namespace BoundedCache.Release;

/// <summary>
/// Judges one release: whether it counts as full or partial, and what is said about memory that stayed, in the words of
/// the memory report's rules. Every rule requires an amount and a ratio, so that what is usual in a small or a large
/// process is not reported.
/// </summary>
internal sealed class ReleaseAssessment(ProcessMemory memory, ReleaseThresholds thresholds)
{
    /// <summary>How the release ended.</summary>
    public ReleaseOutcome Outcome { get; private set; }

    /// <summary>Why, in sentences.</summary>
    public string Reason { get; private set; } = "";

    /// <summary>What holds memory, and what to do about it, as sentences.</summary>
    public IReadOnlyList<string> Advice { get; private set; } = [];

    /// <summary>Judges what a release left.</summary>
    /// <param name="measurement">The last measurement.</param>
    /// <param name="account">How it went, as sentences for the reason.</param>
    public ReleaseAssessment Judge(ReleaseMeasurement measurement, IReadOnlyList<string> account)
    {
        if (measurement.IsUncollected)
        {
            Outcome = ReleaseOutcome.Skipped;
            Reason = string.Join(' ', account);
            Advice = measurement.CannotTrimNative is string untrimmed ? [untrimmed] : [];
            return this;
        }

        measurement = measurement with { Caches = measurement.Request.ReadCaches?.Invoke() };
        List<string> advice = [];
        string? cause = null;
        if (measurement.FinalizersToBlame)
        {
            cause ??= "finalizers may hold what was let go";
            advice.Add(HeapRules.ExplainFinalizers(
                measurement.Collection.FinalizersPending,
                measurement.MissingBytes,
                isMeasured: false,
                measurement.FinalizersStuck).ToString());
        }
        else if (measurement.IsHeldByCallbacks)
        {
            // Who else may hold the values shows only when the callbacks have ended.
            cause ??= measurement.IsStillAlive ? "eviction callbacks have not finished" : null;
        }
        else if (measurement.IsStillAlive)
        {
            cause ??= "the rest is still alive";
            advice.Add($"{ByteSize.Format(measurement.AliveBytes)} of what was let go is still referenced, "
                + "or as much was allocated meanwhile. Look for other holders of the values: other entries of caches, "
                + "fields, closures, requests under way.");
        }
        else if (measurement.MayBeAlive)
        {
            advice.Add($"{ByteSize.Format(measurement.AliveBytes)} less left the heap than the entries were charged. "
                + "Either entries share objects, which each of them is charged for, or something else refers to values "
                + "or parts of them, or as much was allocated meanwhile.");
        }

        if (measurement.IsHeldByCallbacks)
        {
            advice.Add("Eviction callbacks had not finished, and hold the values of their entries.");
        }

        if (measurement.IsHeapIdle)
        {
            cause ??= "the managed heap keeps memory that nothing lives in";
            advice.AddRange(ExplainIdleHeap(measurement).Select(static finding => finding.ToString()));
        }

        if (thresholds.IsNative(measurement.OtherNativeBytes, measurement.Collection.CommittedBytes))
        {
            cause ??= measurement.IsShort && !measurement.IsMissingInHeap
                ? "the memory that stayed is not the managed heap's"
                : null;
            advice.AddRange(ExplainNative(measurement).Select(static finding => finding.ToString()));
        }

        advice.AddRange(ExplainElsewhere(measurement).Select(static finding => finding.ToString()));

        if (measurement.CannotTrimNative is string obstacle)
        {
            advice.Add(obstacle);
        }

        Outcome = cause is not null ? ReleaseOutcome.Partial
            : measurement.IsKnown ? ReleaseOutcome.Released
            : ReleaseOutcome.Unknown;
        Reason = string.Join(' ', [Explain(measurement, cause), .. account]);
        Advice = advice;
        return this;
    }

    private static string Explain(in ReleaseMeasurement measurement, string? cause)
    {
        if (!measurement.IsKnown)
        {
            return "What the process gave back is not known, because its RSS cannot be read. The managed heap keeps "
                + $"{ByteSize.Format(measurement.Collection.CommittedBytes)}, of which "
                + $"{ByteSize.Format(measurement.Collection.LiveBytes)} are live objects"
                + (cause is null ? "." : $": {cause}.");
        }

        string fallen = Describe(measurement);
        string expected = measurement.ExpectedBytes > 0
            ? $", where {ByteSize.Format(measurement.ExpectedBytes)} were expected back"
            : "";
        return cause is not null ? $"{fallen}{expected}: {cause}."
            : measurement.IsShort && measurement.ExpectedBytes > 0
                ? $"{fallen}: there was no more to give back in the managed heap. What was expected beyond that had "
                    + "gone before, is held by others, is not in that heap, or was charged to several entries that "
                    + "share it; or as much was allocated meanwhile."
            : $"{fallen}{expected}.";
    }

    /// <summary>
    /// The change of RSS, the figure that the report shows. The release is judged by the anonymous part, so where that
    /// changed by clearly more or less, both are named.
    /// </summary>
    private static string Describe(in ReleaseMeasurement measurement)
    {
        long rss = measurement.Reference.ResidentBytes - measurement.After.ResidentBytes;
        string said = $"The process's RSS {Change(rss, measurement.After.ResidentBytes)}";
        bool isMisleading = measurement.After.AnonymousBytes is not null
            && ReleaseThresholds.IsClear(Math.Abs(rss - measurement.FallenBytes), Math.Abs(measurement.FallenBytes));
        return isMisleading
            ? $"{said} and its anonymous memory, which is what a release lowers, "
                + Change(measurement.FallenBytes, measurement.OccupiedBytes)
            : said;
    }

    private static string Change(long fallenBytes, long bytes) => fallenBytes > 0
        ? $"fell by {ByteSize.Format(fallenBytes)} to {ByteSize.Format(bytes)}"
        : fallenBytes < 0
        ? $"rose by {ByteSize.Format(-fallenBytes)} to {ByteSize.Format(bytes)}"
        : $"stayed at {ByteSize.Format(bytes)}";

    /// <summary>
    /// Why the managed heap keeps memory without objects, decided as in the report. All parts that are much are named;
    /// where only their sum is, the largest.
    /// </summary>
    private IReadOnlyList<MemoryReportFinding> ExplainIdleHeap(in ReleaseMeasurement measurement)
    {
        long live = measurement.Collection.LiveBytes;
        IdleHeap idle = IdleHeap.From(measurement.Collection, measurement.IdleBytes, memory.Collector.Settings) with
        {
            Released = measurement.Request.Mode,
        };
        IReadOnlyList<MemoryReportFinding> much = idle.Explain(
            bytes => ReleaseThresholds.IsClear(bytes, live), bytes => ReleaseThresholds.IsClear(bytes, live));
        return much.Count > 0
            ? much
            : [.. idle.Explain(static _ => true, static _ => true)
                .OrderByDescending(static found => found.Bytes).Take(1)];
    }

    /// <summary>
    /// What the rules find outside the managed heap; where they find nothing, only that much memory is there.
    /// </summary>
    private MemoryReportFinding[] ExplainNative(in ReleaseMeasurement measurement)
    {
        MemoryBreakdown breakdown = Analyze(measurement.Caches ?? default);
        MemoryReportFinding[] found = breakdown.Space is null ? [] : [.. MemoryRules.CheckNative(breakdown)];
        return found.Length > 0 ? found : [NativeRules.ExplainInUse(
            measurement.OtherNativeBytes, breakdown.NativeHeap, breakdown.ForeignAllocator)];
    }

    /// <summary>
    /// What the rules find in use outside the caches. No release could have taken it. It is reported because it
    /// explains why RSS stays.
    /// </summary>
    private IReadOnlyList<MemoryReportFinding> ExplainElsewhere(in ReleaseMeasurement measurement)
    {
        // Freed bytes that did not leave were reported before this.
        long told = measurement.FinalizersToBlame ? measurement.MissingBytes
            : measurement.MayBeAlive ? measurement.AliveBytes
            : 0;
        CacheShare? caches = measurement.Caches;
        var seen = new MemoryBreakdown
        {
            ResidentBytes = measurement.After.IsResidentUnknown
                ? measurement.Collection.CommittedBytes
                : measurement.After.ResidentBytes,
            HeapBytes = measurement.Collection.CommittedBytes,
            CacheBytes = caches?.Bytes ?? 0,
            OtherLiveBytes = caches is { } share ? measurement.Collection.LiveBytes - share.Bytes - told : 0,
            UnfinishedEntries = caches?.UnfinishedEntries ?? 0,
            GrownBytes = caches?.GrownBytes ?? 0,
            PendingBytes = Math.Max(0, (caches?.PendingBytes ?? 0) - told),
            FileBytes = measurement.After.FileBytes ?? 0,
            UncountedCaches = caches?.Uncounted ?? 0,

            // Small collections leave old objects that died since the last collection of the whole heap.
            IsLiveMeasured = measurement.Request.Mode == ReleaseMode.Full,
        };

        if (caches?.Recheck is { } recheck && MemoryRules.DeniesCaches(seen))
        {
            seen = seen.With(recheck());
        }

        // The mappings name the largest file. They are read only where files are worth a sentence.
        bool hasFiles = MemoryRules.CheckElsewhere(seen)
            .Any(static finding => finding.Cause == MemoryReportCause.MappedFiles);
        return MemoryRules.CheckElsewhere(hasFiles ? seen with { Space = Analyze(default).Space } : seen);
    }

    private MemoryBreakdown Analyze(CacheShare caches) =>
        new MemoryAnalyzer(memory, new GnuNativeHeap()).Take(collect: false, () => caches).Breakdown;
}
