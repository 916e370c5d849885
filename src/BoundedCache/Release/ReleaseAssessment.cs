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
    public ReleaseAssessment Judge(in ReleaseMeasurement measurement, IReadOnlyList<string> account)
    {
        List<string> advice = [];
        string? cause = null;
        if (measurement.FinalizersToBlame)
        {
            cause ??= "finalizers hold what was let go";
            advice.Add(HeapRules.ExplainFinalizers(
                measurement.Collection.FinalizersPending,
                measurement.AliveBytes,
                isMeasured: false,
                measurement.FinalizersStuck).ToString());
        }
        else if (measurement.IsStillAlive)
        {
            cause ??= "the rest is still alive";
            advice.Add($"{ByteSize.Format(measurement.AliveBytes)} of what was let go is still referenced, "
                + "or as much was allocated meanwhile. Look for other holders of the values: fields, "
                + "closures, requests under way.");
        }

        if (measurement.IsShort && !measurement.CallbacksFinished)
        {
            advice.Add($"Eviction callbacks had not finished after {thresholds.CallbackPatience.TotalSeconds:0.#} s, "
                + "and hold the values they were called with.");
        }

        if (measurement.IsHeapIdle)
        {
            cause ??= "the managed heap keeps memory that nothing lives in";
            advice.Add(ExplainIdleHeap(measurement).ToString());
        }

        if (thresholds.IsNative(measurement.NativeBytes, measurement.Collection.CommittedBytes))
        {
            cause ??= measurement.IsShort ? "the memory that stayed is not the managed heap's" : null;
            advice.AddRange(ExplainNative(measurement).Select(static finding => finding.ToString()));
        }

        advice.AddRange(ExplainElsewhere(measurement).Select(static finding => finding.ToString()));

        if (measurement.CannotTrimNative)
        {
            advice.Add("TrimNativeMemory has no effect here: only the GNU C library has malloc_trim.");
        }

        Outcome = cause is null ? ReleaseOutcome.Released : ReleaseOutcome.Partial;
        Reason = string.Join(' ', [Explain(measurement, cause), .. account]);
        Advice = advice;
        return this;
    }

    private static string Explain(in ReleaseMeasurement measurement, string? cause)
    {
        string fallen = measurement.FallenBytes > 0
            ? $"memory fell by {ByteSize.Format(measurement.FallenBytes)} to "
                + $"{ByteSize.Format(measurement.OccupiedBytes)}"
            : $"memory did not fall and is {ByteSize.Format(measurement.OccupiedBytes)}";
        string expected = measurement.ExpectedBytes > 0
            ? $", where {ByteSize.Format(measurement.ExpectedBytes)} were expected back"
            : "";
        return cause is not null ? $"The process's {fallen}{expected}: {cause}."
            : measurement.IsShort
                ? $"The process's {fallen}: there was no more to give back, whatever was expected had gone before."
            : $"The process's {fallen}{expected}.";
    }

    /// <summary>
    /// Why the managed heap keeps memory without objects, decided as in the report; only the largest part.
    /// </summary>
    private MemoryReportFinding ExplainIdleHeap(in ReleaseMeasurement measurement)
    {
        long holes = Math.Min(measurement.Collection.FragmentedBytes, measurement.IdleBytes);
        var idle = new IdleHeap(
            holes,
            measurement.IdleBytes - holes,
            measurement.Collection.PinnedObjects,
            memory.Collector.Settings);
        return idle.Explain(isMuch: true, areHolesMuch: true, isEmptyMuch: true)
            .MaxBy(static finding => finding.Bytes)!;
    }

    /// <summary>
    /// What the rules find outside the managed heap; where they find nothing, only that much memory is there.
    /// </summary>
    private MemoryReportFinding[] ExplainNative(in ReleaseMeasurement measurement)
    {
        MemoryBreakdown breakdown = Analyze();
        MemoryReportFinding[] found = breakdown.Space is null ? [] : [.. MemoryRules.CheckNative(breakdown)];
        return found.Length > 0 ? found : [NativeRules.ExplainInUse(measurement.NativeBytes, breakdown.NativeHeap)];
    }

    /// <summary>
    /// What the rules find in use outside the caches. No release could have taken it. It is reported because it
    /// explains why RSS stays.
    /// </summary>
    private IReadOnlyList<MemoryReportFinding> ExplainElsewhere(in ReleaseMeasurement measurement)
    {
        // Freed bytes that did not leave were reported before this.
        long told = measurement.FinalizersToBlame || measurement.IsStillAlive ? measurement.AliveBytes : 0;
        CacheShare? caches = measurement.Request.ReadCaches?.Invoke();
        var seen = new MemoryBreakdown
        {
            ResidentBytes = measurement.After.ResidentBytes,
            HeapBytes = measurement.Collection.CommittedBytes,
            CacheBytes = caches?.Bytes ?? 0,
            OtherLiveBytes = caches is { } share ? measurement.Collection.LiveBytes - share.Bytes - told : 0,
            UnfinishedEntries = caches?.UnfinishedEntries ?? 0,
            GrownBytes = caches?.GrownBytes ?? 0,
            FileBytes = measurement.After.FileBytes ?? 0,

            // Small collections leave old objects that died since the last collection of the whole heap.
            IsLiveMeasured = measurement.Request.Mode == ReleaseMode.Full,
        };

        if (caches?.Recheck is { } recheck && MemoryRules.DeniesCaches(seen))
        {
            CacheShare again = recheck();
            seen = seen with { UnfinishedEntries = again.UnfinishedEntries, GrownBytes = again.GrownBytes };
        }

        // The mappings name the largest file. They are read only where files are worth a sentence.
        bool hasFiles = MemoryRules.CheckElsewhere(seen)
            .Any(static finding => finding.Cause == MemoryReportCause.MappedFiles);
        return MemoryRules.CheckElsewhere(hasFiles ? seen with { Space = Analyze().Space } : seen);
    }

    private MemoryBreakdown Analyze() =>
        new MemoryAnalyzer(memory, new GnuNativeHeap()).Take(collect: false, static () => default).Breakdown;
}
