using System.Diagnostics;
using BoundedCache.Process;

namespace BoundedCache.Release;

/// <summary>
/// The steps of one release: collect as requested, trim the native allocator where that is allowed, and judge. Used
/// once, only by the releaser's thread.
/// </summary>
internal sealed class ReleaseRun(
    ProcessMemory memory, ReleaseThresholds thresholds, ReleaseRequest request, ProcessMemorySnapshot before)
{
    private readonly IGarbageCollector _collector = memory.Collector;
    private TimeSpan _pause;
    private TimeSpan _longestPause;
    private bool _metNoGCRegion;
    private bool _endedEarly;

    /// <summary>Waits for finalizers, for a bounded time; false where they did not finish.</summary>
    public required Func<bool> WaitForFinalizers { get; init; }

    /// <summary>Waits for a time, and returns why a gentle release should end early; null to go on.</summary>
    public required Func<TimeSpan, string?> Pause { get; init; }

    /// <summary>Whether every caller's callbacks finished in time.</summary>
    public required bool CallbacksFinished { get; init; }

    /// <summary>The number of the collection that the release ended with; 0 where it ended before one did.</summary>
    public long LastCollection { get; private set; }

    /// <summary>What kept it from its job. Callbacks are not among it.</summary>
    public ReleaseObstacle Obstacle { get; private set; }

    /// <summary>See <see cref="GentleRelease.StuckAfter"/>.</summary>
    public long? StuckAfter { get; private set; }

    /// <summary>Bytes that were expected and did not come.</summary>
    public long ShortBytes { get; private set; }

    /// <summary>Runs the release.</summary>
    /// <param name="startedAt">When the releaser began with it, as a stopwatch's timestamp.</param>
    public ReleaseResult Execute(long startedAt)
    {
        ReleaseMeasurement measurement;
        List<string> account = [];
        if (request.Mode == ReleaseMode.Full)
        {
            measurement = ReleaseFully();
        }
        else
        {
            var gentle = new GentleRelease(this, memory, thresholds);
            measurement = gentle.Execute();
            account.AddRange(gentle.Account);
            _metNoGCRegion = gentle.MetNoGCRegion;
            StuckAfter = gentle.StuckAfter;
            _endedEarly = gentle.EndedEarly;
        }

        if (request.TrimNative
            && (measurement.NativeBytes >= thresholds.NativeTrimBytes || !measurement.IsKnown))
        {
            measurement = TrimNative(measurement, account);
        }

        LastCollection = measurement.IsUncollected ? 0 : measurement.Collection.Index;
        ShortBytes = Math.Max(0, measurement.ExpectedBytes - measurement.FallenBytes);
        Obstacle = _metNoGCRegion ? ReleaseObstacle.NoGCRegion
            : StuckAfter is not null ? ReleaseObstacle.SlowCollection
            : measurement.FinalizersToBlame || (measurement.FinalizersStuck && measurement.IsMissingInHeap)
            ? ReleaseObstacle.Finalizers
            : measurement.IsPinned ? ReleaseObstacle.Pins
            : ReleaseObstacle.None;
        ReleaseAssessment assessment = new ReleaseAssessment(memory, thresholds).Judge(measurement, account);
        return new ReleaseResult
        {
            Outcome = assessment.Outcome,
            Reason = assessment.Reason,
            Advice = assessment.Advice,
            Before = before,
            After = measurement.After,
            GCPause = _pause,
            LongestPause = _longestPause,
            EndedEarly = _endedEarly,
            Collections = measurement.Collections,
            Duration = Stopwatch.GetElapsedTime(startedAt),
        };
    }

    /// <summary>
    /// Runs a step that collects once, and notes for how long that collection stopped the process. A background
    /// collection stops it twice and briefly, and counts as one. Other collections that run meanwhile do not count.
    /// </summary>
    /// <param name="step">Collects, and waits for the end.</param>
    /// <param name="readOwn">Reads the last collection of the kind that the step runs.</param>
    /// <param name="isOwn">
    /// Whether what was read may be the step's: another thread's collection may have run instead, or ended meanwhile.
    /// </param>
    public void Collect(Action step, Func<GCReading> readOwn, Func<GCReading, bool> isOwn)
    {
        long before = readOwn().Index;
        step();
        GCReading own = readOwn();
        TimeSpan pause = own.Index > before && isOwn(own) ? own.Pause : TimeSpan.Zero;
        _pause += pause;
        _longestPause = pause > _longestPause ? pause : _longestPause;
    }

    /// <summary>Whether a collection is one that compacts, as those that a full release runs.</summary>
    public static bool IsCompacting(GCReading collection) => collection.Compacted;

    /// <summary>What is known now.</summary>
    /// <param name="collection">The collection to judge by.</param>
    /// <param name="collections">Blocking collections of the whole heap run so far.</param>
    /// <param name="finalizersStuck">Whether finalizers did not finish in time.</param>
    public ReleaseMeasurement Measure(GCReading collection, int collections, bool finalizersStuck) => new()
    {
        Request = request,
        Reference = request.Baseline ?? before,
        After = memory.TakeSnapshot(),
        Collection = collection,
        Collections = collections,
        FinalizersStuck = finalizersStuck,
        CallbacksFinished = CallbacksFinished,
    };

    /// <summary>
    /// Runs one aggressive collection, and a second one where finalizers or another collection got in the way.
    /// </summary>
    private ReleaseMeasurement ReleaseFully()
    {
        long indexBefore = _collector.ReadLastFullBlocking().Index;
        Collect(_collector.CollectAggressively, _collector.ReadLastFullBlocking, IsCompacting);
        ReleaseMeasurement measurement = Measure(_collector.ReadLastFullBlocking(), 1, finalizersStuck: false);
        bool finalizersHold = measurement.FinalizersHold;
        if (finalizersHold)
        {
            measurement = measurement with { FinalizersStuck = !WaitForFinalizers() };
        }

        // A no-GC region may have begun during the wait for finalizers.
        if (finalizersHold || WasSwallowed(measurement, indexBefore))
        {
            _metNoGCRegion = _collector.IsInNoGCRegion;
            if (!_metNoGCRegion)
            {
                Collect(_collector.CollectAggressively, _collector.ReadLastFullBlocking, IsCompacting);
                measurement = Measure(_collector.ReadLastFullBlocking(), 2, measurement.FinalizersStuck);
            }
        }

        return measurement;
    }

    /// <summary>
    /// Whether another thread's collection ran instead of the aggressive one. The runtime accepts any blocking
    /// collection of the whole heap that ended meanwhile, but only an aggressive one returns the emptied memory. So a
    /// heap that clearly keeps what such a collection takes, without pins to explain it, was not collected
    /// aggressively.
    /// </summary>
    private static bool WasSwallowed(ReleaseMeasurement measurement, long indexBefore)
    {
        GCReading last = measurement.Collection;
        return last.Index <= indexBefore
            || !last.Compacted
            || (measurement.IsReclaimable && !measurement.IsPinned);
    }

    private ReleaseMeasurement TrimNative(ReleaseMeasurement measurement, List<string> account)
    {
        MallocOwner owner = ForeignAllocator.Read(memory);
        if (owner.Foreign is string foreign)
        {
            return measurement with
            {
                CannotTrimNative = $"TrimNativeMemory has no effect here: native code allocates with {foreign}, which "
                    + "malloc_trim does not reach.",
            };
        }

        long startedAt = Stopwatch.GetTimestamp();
        if (!memory.Allocator.TryTrim())
        {
            return measurement with
            {
                CannotTrimNative = "TrimNativeMemory has no effect here: only the GNU C library has malloc_trim.",
            };
        }

        TimeSpan taken = Stopwatch.GetElapsedTime(startedAt);
        ReleaseMeasurement trimmed = measurement with { After = memory.TakeSnapshot() };
        long? released = ReleaseMeasurement.Fallen(measurement.After, trimmed.After);
        string asked = owner.Unknown is null ? "The native allocator" : "The C library's allocator";
        account.Add(released is long bytes
            ? $"{asked} gave back {ByteSize.Format(Math.Max(0, bytes))} in {taken.TotalMilliseconds:0} ms."
            : $"{asked} was asked for its free memory; how much it gave back is not known.");
        if (owner.Unknown is string file)
        {
            account.Add($"Native code allocates with {file}, which may be another allocator, and was not asked.");
        }

        return trimmed;
    }
}
