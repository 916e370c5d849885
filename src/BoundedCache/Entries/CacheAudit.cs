using System.Diagnostics;
using BoundedCache.Engine;
using BoundedCache.Sizing;

namespace BoundedCache.Entries;

/// <summary>
/// Keeps one cache's charges true while the application changes values: measures unfinished values when they are
/// finished, and walks over the table again and again to measure values that can change.
/// </summary>
/// <remarks>
/// <para>No code of keys or values runs, and no lock is held while a value is measured. An entry is charged anew only
/// while it is exactly the one that was measured (<see cref="CacheEngine.UpdateCharge"/>). None of it counts as a use.
/// </para>
/// <para>Rules, since values change while they are measured: nothing is charged below its declared size; growth beyond
/// twofold must be found twice, in two slices, and the smaller size counts; growth of a graph that many entries share
/// is reported instead of charged to each of them (<see cref="SharedBytes"/>).</para>
/// <para>Thread-safe: one slice at a time. Another thread that comes meanwhile is turned away, not made to wait.</para>
/// </remarks>
internal sealed partial class CacheAudit : IDisposable
{
    private const int BatchEntries = 64;

    /// <summary>
    /// Entries that grew much and are waiting for a second measurement. Others are found in the next lap.
    /// </summary>
    private const int MostSuspects = 4096;

    /// <summary>
    /// Laps that go on after the last operation: a value is often filled after its entry was looked up.
    /// </summary>
    private const int QuietLaps = 2;

    /// <summary>Small caches rest between laps.</summary>
    private static readonly TimeSpan s_lapInterval = TimeSpan.FromSeconds(1);

    private readonly AuditSetup _setup;
    private readonly CacheEngine _engine;
    private readonly ObjectMeasurer _measurer = new();
    private readonly FinishedValues _finished = new();
    private readonly WeakReference<CacheAudit> _self;
    private readonly List<AuditedEntry> _batch = [];
    private readonly Dictionary<int, Suspect> _suspects = [];
    private readonly Lap _hot = new(isHot: true);
    private readonly Lap _cold = new(isHot: false);
    private readonly CancellationTokenSource _stopped = new();
    private readonly CancellationToken _stopToken;
    private bool _coldIsNext;
    private int _nextUnfinished;
    private int _isBusy;
    private int _hasJoined;
    private long _slices;
    private long _audited;
    private long _changed;
    private long _grownBytes;

    public CacheAudit(AuditSetup setup)
    {
        _setup = setup;
        _engine = setup.Engine;
        _stopToken = _stopped.Token;
        _self = new WeakReference<CacheAudit>(this);
        _engine.OnUnfinishedRead = OnUnfinishedRead;
    }

    /// <summary>The share of a processor that laps may take; 0 for no laps.</summary>
    public double Share => _setup.Share;

    /// <summary>Whether values may be finished that were not.</summary>
    public bool HasFinished => !IsStopped
        && (!_finished.IsEmpty || _finished.HasOverflowed || Volatile.Read(ref _nextUnfinished) != 0);

    /// <summary>Whether a lap is under way, or one should begin now.</summary>
    public bool IsLapDue => Share > 0 && !IsStopped
        && (IsDue(_hot, _engine.HotCount) || IsDue(_cold, _engine.ChangingCount - _engine.HotCount));

    /// <summary>What was found so far.</summary>
    public AuditTotals Totals => new()
    {
        Unfinished = _engine.UnfinishedCount,
        Audited = Volatile.Read(ref _audited),
        Changed = Volatile.Read(ref _changed),
        GrownBytes = Volatile.Read(ref _grownBytes),
        UnchargedBytes = IsStopped ? 0 : _hot.UnchargedBytes + _cold.UnchargedBytes,
        RecentBytes = IsStopped ? 0 : _hot.FoundBytes + _cold.FoundBytes,
    };

    /// <summary>What the engine must know of an entry that is about to be stored.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">The value.</param>
    /// <param name="declaredBytes">The declared size; 0 for none.</param>
    /// <param name="keyBytes">The size of the key.</param>
    /// <param name="notes">How the value was measured.</param>
    public StoredKind KindOf(object key, object? value, long declaredBytes, long keyBytes, MeasureNotes notes)
    {
        ChangingType type = ChangingTypes.Get(value);
        bool isLowerBound = (notes & MeasureNotes.LowerBound) != 0;
        bool isFixed = type.Kind == ValueKind.Fixed && !isLowerBound;
        if ((isFixed && (notes & MeasureNotes.NotFollowed) == 0) || IsSized(value))
        {
            return default;
        }

        long sizedKeyBytes = IsSized(key) ? keyBytes : 0;
        if (isFixed)
        {
            return new StoredKind(
                new EntryMarks(CanChange: false, IsHot: false, DeclaredBytes: 0, sizedKeyBytes), false, false, null);
        }

        bool isUnfinished = isLowerBound;
        Task? running = null;
        if (type.Probe is not null && ChangingTypes.IsUnfinished(value, out running))
        {
            isUnfinished = true;
        }

        var marks = new EntryMarks(
            type.Kind != ValueKind.Fixed,
            type.WasSeenToChange && type.Kind == ValueKind.Changing,
            declaredBytes,
            sizedKeyBytes);
        return new StoredKind(marks, isUnfinished, isLowerBound, running);
    }

    /// <summary>Measures values that were finished, for about a time.</summary>
    public void MeasureFinished(TimeSpan budget) => TryRun(
        new Slice(budget, charges: true) { End = _stopToken }, walks: false);

    /// <summary>Goes on with the laps that are due, for about a time.</summary>
    public void GoOn(TimeSpan budget) => TryRun(
        new Slice(budget, charges: true) { End = _stopToken }, walks: true);

    /// <summary>
    /// Measures everything now, due or not: what is finished, what grew in the last lap, and both laps to their end.
    /// For tests.
    /// </summary>
    internal void RunLap()
    {
        (_hot.IsUnderWay, _cold.IsUnderWay) = (false, false);
        var slice = new Slice(TimeSpan.MaxValue, charges: true) { IsWhole = true, End = _stopToken };
        while (!TryRun(slice, walks: true))
        {
            Thread.Yield();
        }
    }

    /// <summary>Ends all measurements: the cache is disposed. May be called again.</summary>
    public void Dispose()
    {
        if (!IsStopped)
        {
            _stopped.Cancel();
            _stopped.Dispose();
        }

        _setup.Auditor.Leave(this);
    }

    /// <summary>On a reader's thread.</summary>
    private void OnUnfinishedRead(object? value, int hash, SlotRef slotRef)
    {
        if (ChangingTypes.IsUnfinished(value, out Task? running))
        {
            if (running is null || TaskWatch.Knows(running, _self, hash))
            {
                return;
            }
        }

        if (_finished.TryAdd(in slotRef))
        {
            _setup.Auditor.Wake();
        }
    }

    private bool IsStopped => _stopToken.IsCancellationRequested;

    private bool IsDue(Lap lap, int entries)
    {
        if (lap.IsUnderWay)
        {
            return true;
        }

        return entries > 0
            && (lap.StartedAt == 0 || Stopwatch.GetElapsedTime(lap.StartedAt) >= s_lapInterval)
            && (_engine.Activity != lap.Activity || lap.Quiet < QuietLaps);
    }

    private bool IsSized(object? instance) =>
        instance is not null && _setup.SizedTypes is { } sized && sized.Contains(instance.GetType());

    /// <summary>The charge of an entry whose value has a size in bytes. No code of key or value runs.</summary>
    private long ChargeOf(in AuditedEntry entry, long valueBytes)
    {
        long keyBytes = IsSized(entry.Key) ? entry.Marks.SizedKeyBytes : _measurer.Measure(entry.Key);
        return _setup.Charge(
            Math.Min(valueBytes, OrderNode.MaxCharge) + Math.Min(keyBytes, OrderNode.MaxCharge),
            entry.Details,
            entry.HasDeadline);
    }

    /// <summary>Runs a slice, unless another one runs.</summary>
    private bool TryRun(Slice slice, bool walks)
    {
        if (Interlocked.Exchange(ref _isBusy, 1) != 0)
        {
            return false;
        }

        try
        {
            slice.Number = ++_slices;
            slice.Begin();
            MeasureFinishedValues(slice);
            if (walks)
            {
                MeasureSuspects(slice);
                Walk(slice);
            }

            ChargeSlice(slice);
        }
        catch (OperationCanceledException)
        {
            // Disposed meanwhile.
        }
        finally
        {
            slice.Joint.End();
            _batch.Clear();
            Volatile.Write(ref _isBusy, 0);
        }

        _setup.Pace();
        return true;
    }

    private sealed record Suspect(uint Version, long Charge, long Bytes, bool IsEstimated, long Slice);
}
