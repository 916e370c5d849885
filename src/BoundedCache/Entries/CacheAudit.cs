using System.Diagnostics;
using BoundedCache.Engine;
using BoundedCache.Sizing;
using Microsoft.Extensions.Logging;

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
/// is reported instead of charged to each of them (<see cref="IsShared"/>).</para>
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
    public bool HasFinished => !_finished.IsEmpty;

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
    /// <param name="isLowerBound">Whether the value was not walked to its end.</param>
    public StoredKind KindOf(object key, object? value, long declaredBytes, bool isLowerBound)
    {
        ChangingType type = ChangingTypes.Get(value);
        if ((type.Kind == ValueKind.Fixed && !isLowerBound)
            || (_setup.SizedTypes is { } sized && IsSized(sized, key, value)))
        {
            return default;
        }

        bool isUnfinished = isLowerBound;
        Task? running = null;
        if (type.Probe is not null && ChangingTypes.IsUnfinished(value, out running))
        {
            isUnfinished = true;
        }

        var marks = new EntryMarks(
            type.Kind != ValueKind.Fixed, type.WasSeenToChange && type.Kind == ValueKind.Changing, declaredBytes);
        return new StoredKind(marks, isUnfinished, isLowerBound, running);
    }

    /// <summary>Call it after an entry was stored whose kind is not the default one.</summary>
    /// <param name="kind">What <see cref="KindOf"/> returned.</param>
    /// <param name="value">The value.</param>
    /// <param name="hash">The hash code of the key in the table.</param>
    public void OnStored(in StoredKind kind, object? value, int hash)
    {
        if (Volatile.Read(ref _hasJoined) == 0 && (kind.Marks.CanChange || kind.IsUnfinished)
            && Interlocked.Exchange(ref _hasJoined, 1) == 0)
        {
            _setup.Auditor.Join(this);
        }

        if (!kind.IsUnfinished)
        {
            return;
        }

        if (kind.IsLowerBound)
        {
            OnFinished(hash);
            return;
        }

        TellUnfinished(value!.GetType());
        if (kind.Running is { } running)
        {
            TaskWatch.Add(running, _self, hash);
        }
    }

    /// <summary>The entries whose keys have a hash code may be finished. Any thread; does not wait for long.</summary>
    public void OnFinished(int hash)
    {
        _finished.Add(hash);
        _setup.Auditor.Wake();
    }

    /// <summary>Measures values that were finished, for about a time.</summary>
    public void MeasureFinished(TimeSpan budget) => TryRun(new Slice(budget, charges: true), walks: false);

    /// <summary>Goes on with the laps that are due, for about a time.</summary>
    public void GoOn(TimeSpan budget) => TryRun(new Slice(budget, charges: true), walks: true);

    /// <summary>
    /// Measures everything now, due or not: what is finished, what grew in the last lap, and both laps to their end.
    /// For tests.
    /// </summary>
    internal void RunLap()
    {
        (_hot.IsUnderWay, _cold.IsUnderWay) = (false, false);
        var slice = new Slice(TimeSpan.MaxValue, charges: true) { IsWhole = true };
        while (!TryRun(slice, walks: true))
        {
            Thread.Yield();
        }
    }

    /// <summary>
    /// Measures the likeliest values again, for a bounded time: unfinished ones, those of types that were seen to
    /// change, then others.
    /// </summary>
    /// <param name="budget">The time.</param>
    /// <param name="charges">Whether to charge what was found; otherwise it is only added up.</param>
    /// <returns>Bytes by which values were found to have grown.</returns>
    public long Reexamine(TimeSpan budget, bool charges)
    {
        // Twice where it charges: growth must be found in two slices.
        long started = Stopwatch.GetTimestamp();
        long found = 0;
        for (int round = 0; round < (charges ? 2 : 1); round++)
        {
            TimeSpan left = budget - Stopwatch.GetElapsedTime(started);
            var slice = new Slice(charges ? left / (2 - round) : left, charges) { IsWhole = true };
            while (!TryRun(slice, walks: true) && Stopwatch.GetElapsedTime(started) < budget)
            {
                Thread.Yield();
            }

            found = Math.Max(found, slice.FoundBytes);
        }

        return found;
    }

    /// <summary>Ends all measurements: the cache is disposed.</summary>
    public void Dispose()
    {
        _stopped.Cancel();
        _stopped.Dispose();
        _setup.Auditor.Leave(this);
    }

    /// <summary>On a reader's thread.</summary>
    private void OnUnfinishedRead(object? value, SlotRef slotRef)
    {
        if (ChangingTypes.IsUnfinished(value, out Task? running))
        {
            if (running is null || TaskWatch.Knows(running))
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

    private static bool IsSized(HashSet<Type> sized, object key, object? value) =>
        sized.Contains(key.GetType()) || (value is not null && sized.Contains(value.GetType()));

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

            Settle(slice);
        }
        catch (OperationCanceledException)
        {
            // Disposed meanwhile.
        }
        finally
        {
            _batch.Clear();
            Volatile.Write(ref _isBusy, 0);
        }

        _setup.Pace();
        return true;
    }

    private void MeasureFinishedValues(Slice slice)
    {
        while (!slice.IsOver && _finished.TryTake(out Finished finished))
        {
            _batch.Clear();
            if (finished.Index == 0)
            {
                _engine.ReadUnfinished(finished.Hash, _batch);
            }
            else if (_engine.TryReadEntry(
                new SlotRef(finished.Index, finished.Version, SlotFlags.None, 0), out AuditedEntry entry))
            {
                _batch.Add(entry);
            }

            foreach (AuditedEntry entry in _batch)
            {
                if (entry.IsUnfinished)
                {
                    Look(in entry, slice);
                }
            }
        }
    }

    private void MeasureSuspects(Slice slice)
    {
        if (!slice.Charges || _suspects.Count == 0)
        {
            return;
        }

        foreach ((int index, Suspect suspect) in _suspects.ToArray())
        {
            if (slice.IsOver)
            {
                return;
            }

            if (_engine.TryReadEntry(new SlotRef(index, suspect.Version, SlotFlags.None, 0), out AuditedEntry entry))
            {
                slice.Lap = entry.Marks.IsHot ? _hot : _cold;
                Look(in entry, slice);
            }
            else
            {
                _suspects.Remove(index);
            }
        }
    }

    private void Walk(Slice slice)
    {
        if (slice.IsWhole)
        {
            WalkAll(_hot, slice);
            WalkAll(_cold, slice);
            return;
        }

        // In turn: neither hot entries nor the many others keep the thread to themselves.
        (Lap first, Lap second) = _coldIsNext ? (_cold, _hot) : (_hot, _cold);
        _coldIsNext = !_coldIsNext;
        foreach (Lap lap in (ReadOnlySpan<Lap>)[first, second])
        {
            if (!slice.IsOver && IsDue(lap, lap.IsHot ? _engine.HotCount : _engine.ChangingCount - _engine.HotCount))
            {
                WalkOn(lap, slice);
            }
        }
    }

    /// <summary>
    /// Walks over the whole table, within the slice: what the lap has not come to, and then the beginning.
    /// </summary>
    private void WalkAll(Lap lap, Slice slice)
    {
        bool isUnderWay = lap.IsUnderWay;
        WalkOn(lap, slice);
        if (isUnderWay && !slice.IsOver)
        {
            WalkOn(lap, slice, fromStart: true);
        }
    }

    /// <summary>Goes on with a lap until the slice is over or the lap at its end.</summary>
    private void WalkOn(Lap lap, Slice slice, bool fromStart = false)
    {
        if (!lap.IsUnderWay && slice.Charges)
        {
            lap.Begin(_engine.Activity);
        }

        slice.Lap = lap;
        int next = lap.IsUnderWay && !fromStart ? lap.Next : 0;
        do
        {
            _batch.Clear();
            next = _engine.ReadChanging(next, lap.IsHot, _batch, BatchEntries);
            foreach (AuditedEntry entry in _batch)
            {
                Look(in entry, slice);
                if (slice.IsOver)
                {
                    next = entry.SlotRef.Index + 1;
                    break;
                }
            }
        }
        while (next != 0 && !slice.IsOver && !IsStopped);

        if (slice.Charges)
        {
            (lap.Next, lap.IsUnderWay) = (next, next != 0);
        }
    }

    /// <summary>Measures one entry.</summary>
    private void Look(in AuditedEntry entry, Slice slice)
    {
        _stopToken.ThrowIfCancellationRequested();
        if (entry.IsUnfinished && ChangingTypes.IsUnfinished(entry.Value, out Task? running))
        {
            if (running is not null)
            {
                TaskWatch.Add(running, _self, entry.Hash);
            }

            return;
        }

        long bytes = Measure(entry.Value, out bool isEstimated);
        long charge = _setup.Charge(
            entry.Key, Math.Max(bytes, entry.Marks.DeclaredBytes), entry.Details, entry.HasDeadline);
        long growth = charge - entry.Charge;
        _audited++;
        if (entry.IsUnfinished)
        {
            slice.Found(growth);
            if (slice.Charges)
            {
                ChargeAnew(in entry, charge, isHot: false);
            }

            return;
        }

        // An estimate may differ from the last one without any change.
        if (growth == 0 || (isEstimated && Math.Abs(growth) <= entry.Charge / 10))
        {
            _suspects.Remove(entry.SlotRef.Index);
            return;
        }

        slice.Found(growth);
        ChangingTypes.Get(entry.Value).WasSeenToChange = true;
        if (!slice.Charges)
        {
            return;
        }

        if (!entry.Marks.IsHot)
        {
            slice.Hot.Add(entry.SlotRef);
        }

        if (growth > entry.Charge)
        {
            if (!TryConfirm(in entry, slice, ref charge))
            {
                return;
            }

            bytes -= Math.Max(0, growth - (charge - entry.Charge));
        }

        if (growth < 0)
        {
            ChargeOrReport(in entry, charge, slice);
        }
        else
        {
            slice.Grown.Add(new Grown(entry, charge, bytes));
        }
    }

    /// <summary>Whether much growth is found for the second time. The smaller size of the two counts.</summary>
    private bool TryConfirm(in AuditedEntry entry, Slice slice, ref long charge)
    {
        int index = entry.SlotRef.Index;
        if (_suspects.TryGetValue(index, out Suspect first) && first.Version == entry.SlotRef.Version)
        {
            if (first.Slice == slice.Number)
            {
                return false;
            }

            _suspects.Remove(index);
            charge = Math.Min(charge, first.Charge);
            return true;
        }

        if (_suspects.Count < MostSuspects)
        {
            _suspects[index] = new Suspect(entry.SlotRef.Version, charge, slice.Number);
        }

        return false;
    }

    private long Measure(object? value, out bool isEstimated)
    {
        long bytes = _measurer.Measure(value, out MeasureNotes notes);
        if ((notes & MeasureNotes.LowerBound) != 0)
        {
            bytes = _measurer.MeasureFully(value!, _stopToken);
        }

        isEstimated = notes != MeasureNotes.None;
        return bytes;
    }

    private readonly record struct Suspect(uint Version, long Charge, long Slice);

    /// <summary>A walk over the table, which takes many slices.</summary>
    private sealed class Lap(bool isHot)
    {
        private long _found;
        private long _foundBefore;
        private long _uncharged;
        private long _unchargedBefore;

        public bool IsHot { get; } = isHot;

        /// <summary>The slot to go on with.</summary>
        public int Next { get; set; }

        public bool IsUnderWay { get; set; }

        /// <summary>When it began, as a stopwatch's timestamp; 0 for never.</summary>
        public long StartedAt { get; private set; }

        /// <summary>What the cache had done when it began.</summary>
        public long Activity { get; private set; } = -1;

        /// <summary>Laps since the cache last did something.</summary>
        public int Quiet { get; private set; }

        /// <summary>Bytes by which values had grown, in this lap or the last one: the larger number.</summary>
        public long FoundBytes => Math.Max(Volatile.Read(ref _found), Volatile.Read(ref _foundBefore));

        /// <summary>Those of them that nobody was charged, in this lap or the last one: the larger number.</summary>
        public long UnchargedBytes => Math.Max(Volatile.Read(ref _uncharged), Volatile.Read(ref _unchargedBefore));

        public void Begin(long activity)
        {
            Quiet = activity == Activity ? Quiet + 1 : 0;
            (Activity, StartedAt, Next, IsUnderWay) = (activity, Stopwatch.GetTimestamp(), 0, true);
            (_foundBefore, _found, _unchargedBefore, _uncharged) = (_found, 0, _uncharged, 0);
        }

        public void AddFound(long bytes) => Volatile.Write(ref _found, _found + bytes);

        public void AddUncharged(long bytes) => Volatile.Write(ref _uncharged, _uncharged + bytes);
    }

    /// <summary>One piece of work, and what it found.</summary>
    private sealed class Slice(TimeSpan budget, bool charges)
    {
        private long _started;

        public long Number { get; set; }

        /// <summary>Whether it measures what is due and what is not.</summary>
        public bool IsWhole { get; init; }

        /// <summary>Whether it charges what it finds.</summary>
        public bool Charges { get; } = charges;

        public bool IsOver => budget != TimeSpan.MaxValue && Stopwatch.GetElapsedTime(_started) >= budget;

        public long FoundBytes { get; private set; }

        /// <summary>The lap that it goes on with.</summary>
        public Lap? Lap { get; set; }

        public List<Grown> Grown { get; } = [];

        public List<SlotRef> Hot { get; } = [];

        public void Begin() => _started = Stopwatch.GetTimestamp();

        public void Found(long growth)
        {
            FoundBytes += Math.Max(0, growth);
            if (Charges)
            {
                Lap?.AddFound(Math.Max(0, growth));
            }
        }
    }
}

/// <summary>What a <see cref="CacheAudit"/> needs of its cache.</summary>
internal sealed record AuditSetup
{
    public required string CacheName { get; init; }

    public required CacheEngine Engine { get; init; }

    public required ILogger Logger { get; init; }

    public required Auditor Auditor { get; init; }

    /// <summary>The share of a processor for laps; 0 for none.</summary>
    public required double Share { get; init; }

    /// <summary>Whether growth and shrinkage that laps find are reported and not charged.</summary>
    public required bool OnlyReports { get; init; }

    /// <summary>Types with a sizer of the user's, whose entries are left alone; null for none.</summary>
    public required HashSet<Type>? SizedTypes { get; init; }

    /// <summary>The charge of an entry whose value has a size in bytes.</summary>
    public required Func<object, long, EntryDetails?, bool, long> Charge { get; init; }

    /// <summary>Reports to the pacer what came and left.</summary>
    public required Action Pace { get; init; }
}

/// <summary>What is known of an entry that is stored: see <see cref="CacheAudit.KindOf"/>.</summary>
internal readonly record struct StoredKind(EntryMarks Marks, bool IsUnfinished, bool IsLowerBound, Task? Running);

/// <summary>What background measurements of a cache found.</summary>
internal readonly record struct AuditTotals
{
    /// <summary>Entries whose value is not finished: their bytes are not known.</summary>
    public int Unfinished { get; init; }

    /// <summary>Measurements of entries.</summary>
    public long Audited { get; init; }

    /// <summary>Entries that were charged anew.</summary>
    public long Changed { get; init; }

    /// <summary>Bytes that they were charged more.</summary>
    public long GrownBytes { get; init; }

    /// <summary>Bytes that were found in the last lap and charged to no entry.</summary>
    public long UnchargedBytes { get; init; }

    /// <summary>Bytes by which values were found to have grown in the last lap.</summary>
    public long RecentBytes { get; init; }
}
