using System.Diagnostics;
using System.Globalization;
using BoundedCache.Process;

namespace BoundedCache.Release;

/// <summary>
/// One gentle release: a collection of the whole heap in the background, then small collections. Each small one lets
/// the runtime return a slice of the memory that it emptied. Used once, only by the releaser's thread.
/// </summary>
/// <remarks>
/// <para>
/// The runtime returns empty regions by itself only when it collects. It returns no more than the time since it last
/// did allows, and nothing before 100 ms are over. So slices come every 100 ms while they bring something. The runtime
/// gives up regions that it would rather keep once they were unused through twenty collections: where a slice brings
/// nothing, the next ones follow faster. Under Server GC a timer of the runtime returns what the collections marked, at
/// the same pace.
/// </para>
/// <para>
/// Only regions that are wholly empty are returned. Where survivors are scattered, few regions are empty, so a
/// compacting collection comes first. The runtime keeps some budget for every generation. Where little is alive, one
/// full collection fetches that at the end: its pause is then that of compacting the survivors.
/// </para>
/// </remarks>
internal sealed class GentleRelease(ReleaseRun run, ProcessMemory memory, ReleaseThresholds thresholds)
{
    // While a background collection is under way the runtime begins no other, and that one has not seen the latest
    // garbage.
    private const int Attempts = 3;

    private const int MaxBlocking = 2;

    private readonly IGarbageCollector _collector = memory.Collector;
    private readonly List<string> _account = [];
    private string? _stopped;

    // Otherwise what it measures is from before the release.
    private bool _hasCollected;
    private bool _finalizersStuck;
    private int _blocking;
    private long _slicedBytes;

    /// <summary>Whether a no-GC region ended it early.</summary>
    public bool MetNoGCRegion { get; private set; }

    /// <summary>Whether anything ended it before its last step.</summary>
    public bool EndedEarly => _stopped is not null;

    /// <summary>
    /// The number of the last collection of the whole heap before the one in the background that did not end in time;
    /// null where none was given up.
    /// </summary>
    public long? StuckAfter { get; private set; }

    /// <summary>How it went, in sentences.</summary>
    public IReadOnlyList<string> Account =>
        _stopped is null ? _account : [.. _account, $"The gentle release ended early: {_stopped}."];

    /// <summary>Runs the steps, unless something prevents them.</summary>
    /// <returns>The last measurement.</returns>
    public ReleaseMeasurement Execute()
    {
        _hasCollected = CollectInBackground();
        if (_hasCollected)
        {
            if (Measure().FinalizersHold)
            {
                _finalizersStuck = !run.WaitForFinalizers();
                CollectInBackground();
            }

            CompactIfScattered();
            Slice();
            Finish();
        }

        return Measure();
    }

    /// <returns>Whether a collection of the whole heap, begun after this was called, has ended.</returns>
    private bool CollectInBackground()
    {
        for (int attempt = 0; attempt < Attempts && MayCollect(); attempt++)
        {
            int begun = _collector.FullCollections;
            bool isNew = false;
            long last = _collector.ReadLastFull().Index;
            run.Collect(() =>
            {
                _collector.CollectInBackground();
                isNew = _collector.FullCollections != begun;
                WaitForFullAfter(last);
            }, _collector.ReadLastFull, _ => isNew);
            if (isNew)
            {
                // Where background collections are off, or the heap is too fragmented for them, the runtime stops the
                // process for it.
                _blocking += _collector.ReadLastFullBlocking().Index > last ? 1 : 0;
                break;
            }
        }

        return _stopped is null;
    }

    private void WaitForFullAfter(long index)
    {
        long startedAt = Stopwatch.GetTimestamp();
        while (_collector.ReadLastFull().Index == index && MayGoOn(run.Pause(thresholds.BackgroundPoll)))
        {
            if (Stopwatch.GetElapsedTime(startedAt) > thresholds.Background)
            {
                StuckAfter = index;
                MayGoOn($"the background collection had not ended after {thresholds.Background.TotalSeconds:0} s");
            }
        }
    }

    private void CompactIfScattered()
    {
        GCReading full = _collector.ReadLastFull();
        long emptiedBytes = Occupied() - full.HeapBytes;

        // No collection closes the holes between objects that were allocated pinned.
        long holes = full.FragmentedBytes - full.PinnedHoleBytes;
        bool isScattered = holes > thresholds.KnownGapBytes && holes > emptiedBytes && holes > full.LiveBytes;
        if (isScattered && _blocking < MaxBlocking && MayCollect())
        {
            run.Collect(_collector.CollectCompacting, _collector.ReadLastFullBlocking, ReleaseRun.IsCompacting);
            _blocking++;
            _account.Add("Survivors were scattered, so a compacting collection came first.");
        }
    }

    private void Slice()
    {
        long startedAt = Stopwatch.GetTimestamp();
        ProcessMemorySnapshot lowest = memory.TakeSnapshot();
        bool isKnown = !lowest.IsResidentUnknown;
        int slices = 0;
        int fruitless = 0;
        while (fruitless < thresholds.FruitlessSlices
            && MayGoOn(run.Pause(fruitless == 0 ? thresholds.SliceInterval : thresholds.FruitlessInterval))
            && MayCollect())
        {
            // The young generation first: it is the cheapest. The next one has a budget of its own, which
            // only its collections shrink.
            int generation = fruitless < thresholds.FruitlessSlices / 3 ? 0 : 1;
            run.Collect(
                () => _collector.CollectYoung(generation),
                _collector.ReadLast,
                static last => !last.Concurrent);
            slices++;
            ProcessMemorySnapshot now = memory.TakeSnapshot();
            long fallen = ReleaseMeasurement.Fallen(lowest, now) ?? 0;
            bool fell = fallen >= thresholds.MinimumSliceBytes;
            fruitless = fell ? 0 : fruitless + 1;
            lowest = fell || lowest.IsResidentUnknown ? now : lowest;
            _slicedBytes += fell ? fallen : 0;
        }

        string time = string.Create(
            CultureInfo.InvariantCulture, $"within {Stopwatch.GetElapsedTime(startedAt).TotalSeconds:0.0} s");
        _account.Add(isKnown
            ? $"{ByteSize.Format(_slicedBytes)} came back in {slices} slices {time}."
            : $"{slices} slices followed {time}; what they gave back is not known.");
    }

    /// <summary>
    /// Runs one full collection where slices returned nothing, or where it is quick and memory is left to fetch, in the
    /// heap or beside it.
    /// </summary>
    private void Finish()
    {
        ReleaseMeasurement measurement = Measure();
        // Under Server GC a background collection leaves memory beside the heap. It does not show as idle, and only a
        // full collection fetches it.
        bool isWorthIt = _collector.Settings.IsServer
            || thresholds.IsWorthFetching(measurement.ReclaimableBytes, measurement.Collection.LiveBytes);

        // Only a clear excess is blamed on pins: any process has some.
        bool isPinned = measurement.IsPinned;
        if (!isWorthIt || isPinned || _blocking >= MaxBlocking || !MayCollect())
        {
            return;
        }

        bool isFallback = _slicedBytes < measurement.ReclaimableBytes / 10;
        if (isFallback || measurement.Collection.LiveBytes <= thresholds.GentleFullMaxLiveBytes)
        {
            ProcessMemorySnapshot before = memory.TakeSnapshot();
            run.Collect(_collector.CollectAggressively, _collector.ReadLastFullBlocking, ReleaseRun.IsCompacting);
            _blocking++;
            _account.Add(ReleaseMeasurement.Fallen(before, memory.TakeSnapshot()) is not long fallen
                ? "A full collection followed."
                : isFallback
                ? $"The runtime kept {ByteSize.Format(measurement.ReclaimableBytes)} that slices should have given "
                    + "back, so a full collection followed."
                : $"A full collection fetched the last {ByteSize.Format(Math.Max(0, fallen))}.");
        }
    }

    private bool MayGoOn(string? reasonToStop)
    {
        _stopped ??= reasonToStop;
        return _stopped is null;
    }

    private bool MayCollect()
    {
        MetNoGCRegion |= _stopped is null && _collector.IsInNoGCRegion;
        return MayGoOn(MetNoGCRegion ? "the process entered a no-GC region" : null);
    }

    private long Occupied() => ReleaseMeasurement.Occupied(memory.TakeSnapshot());

    /// <summary>
    /// Measures the heap as the last collection of any kind left it, and pins and finalizers as the last one of the
    /// whole heap found them.
    /// </summary>
    private ReleaseMeasurement Measure()
    {
        GCReading full = _collector.ReadLastFull();
        GCReading last = _collector.ReadLast();
        GCReading newest = last.Index > full.Index ? last : full;
        ReleaseMeasurement measurement = run.Measure(
            newest with { PinnedObjects = full.PinnedObjects, FinalizersPending = full.FinalizersPending },
            _blocking,
            _finalizersStuck);
        return measurement with { IsUncollected = !_hasCollected };
    }
}
