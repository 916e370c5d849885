using System.Diagnostics;
using System.Globalization;
using BoundedCache.Engine;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Tests.Concurrency.Linearizability;

/// <summary>Runs programs on real threads against an engine, and checks each history against the model.</summary>
internal sealed class HistoryRunner : IDisposable
{
    /// <summary>Entries of the chunked setting that are always there: all but a few slots of the first chunk.</summary>
    private const int BaseFillers = SlotStore.ChunkSize - 10;

    /// <summary>Entries that are stored after them, in front of the keys: these are in the second chunk.</summary>
    private const int TailFillers = 20;

    /// <summary>Fillers of one thread; of all, fewer than a batch, so that every eviction is one hold.</summary>
    private const int ThreadFillers = 24;
    private const int FillersAtOnce = 6;
    private const int FirstBaseKey = 10_000;

    /// <summary>Value numbers of what is stored before a history begins.</summary>
    private const int FirstInitialId = (HistoryThreads.Most * HistoryProgram.MaxOperations) + 1;

    private readonly EvictionPolicy _policy;
    private readonly HistorySetting _setting;
    private readonly bool _isString;
    private readonly object[] _keys;
    private readonly object[][] _fillers;
    private readonly object[] _tail;
    private readonly object[] _base;
    private readonly HistoryThreads _threads;
    private readonly List<HistoryEvent>[] _events;
    private readonly EntryDetails?[] _latest = new EntryDetails?[HistoryThreads.Most];
    private readonly (int Key, int Id)[] _latestAt = new (int, int)[HistoryThreads.Most];
    private readonly int[] _fillersIn = new int[HistoryThreads.Most];
    private readonly object[] _values;
    private readonly int[] _deadlines = new int[HistoryModel.MaxIds];
    private readonly int[] _reported = new int[HistoryModel.MaxIds];
    private readonly bool[] _hasDetails = new bool[HistoryModel.MaxIds];
    private readonly LinearizabilityChecker _checker = new();
    private readonly long _began = Stopwatch.GetTimestamp();
    private ManualClock _clock = new();
    private CacheEngine _engine;
    private long _ticket;

    public HistoryRunner(HistorySetting setting, bool stringKeys, EvictionPolicy policy)
    {
        _policy = policy;
        _setting = setting;
        _isString = stringKeys;
        _keys = MakeKeys("key", HistoryModel.MaxKeys, first: 0);
        _fillers = [.. Enumerable.Range(0, HistoryThreads.Most)
            .Select(thread => MakeKeys($"filler {thread}/", ThreadFillers, 100 * (thread + 1)))];
        _tail = MakeKeys("tail", TailFillers, 1000);
        _base = MakeKeys("base", setting.IsInChunks ? BaseFillers : 0, FirstBaseKey);
        _values = [.. Enumerable.Range(0, HistoryModel.MaxIds).Select(static id => (object)id)];
        _events = [.. Enumerable.Range(0, HistoryThreads.Most).Select(static _ => new List<HistoryEvent>())];
        _engine = NewEngine();
        _threads = new HistoryThreads(Execute);
    }

    /// <summary>Histories that were checked.</summary>
    public long Histories { get; private set; }

    /// <summary>After how many histories and what time the first one failed; empty if none did.</summary>
    public string FirstFailure { get; private set; } = "";

    /// <summary>Runs a program several times; each time its threads meet in another way.</summary>
    /// <exception cref="InvalidOperationException">A history is not linearizable, or an invariant broke.</exception>
    public void Run(HistoryProgram program, int times)
    {
        try
        {
            for (int i = 0; i < times; i++)
            {
                ulong initial = Prepare();
                _threads.Run(program);
                Check(initial);
                Histories++;
            }
        }
        catch when (FirstFailure.Length == 0)
        {
            FirstFailure = $"first failure after {Histories:N0} histories, "
                + $"{Stopwatch.GetElapsedTime(_began).TotalSeconds:F2} s";
            throw;
        }
    }

    public void Dispose() => _threads.Dispose();

    /// <summary>Keys by number. Those that are not strings share few hashes, and their Equals is user code.</summary>
    private object[] MakeKeys(string name, int count, int first) => [.. Enumerable.Range(0, count).Select(i =>
        _isString ? (object)(name + i.ToString(CultureInfo.InvariantCulture)) : new HistoryKey(first + i))];

    private CacheEngine NewEngine()
    {
        _clock = new ManualClock();
        return new CacheEngine(_setting.Limit, _clock, OnRemoved, policy: _policy);
    }

    private void OnRemoved(List<RemovedEntry> removed)
    {
        foreach (RemovedEntry entry in removed)
        {
            Interlocked.Increment(ref _reported[(int)entry.Details.Value!]);
        }
    }

    private ulong Prepare()
    {
        if (_setting.IsInChunks)
        {
            // The table is large, so the engine is kept; the keys go into its second chunk again.
            _clock.Ticks = 0;
            Array.ForEach(_keys, key => Remove(key));
            _fillers.SelectMany(static keys => keys).ToList().ForEach(key => Remove(key));
            foreach (object key in Histories == 0 ? _base : _base[..(2 * TailFillers)])
            {
                Store(key, 0, 0, 0, false);
            }

            Array.ForEach(_tail, key => Store(key, 0, 0, 0, false));
        }
        else
        {
            _engine = NewEngine();
        }

        Array.Clear(_fillersIn);
        Array.Clear(_latest);
        Array.Clear(_reported);
        Array.Clear(_hasDetails);
        Array.Clear(_deadlines);
        _ticket = 0;
        for (int thread = 0; thread < HistoryThreads.Most; thread++)
        {
            _events[thread].Clear();
        }

        ulong state = HistoryModel.Empty(_setting.Limit);
        for (int key = 0; key < 2; key++)
        {
            int id = FirstInitialId + key;
            _hasDetails[id] = key == 1;
            _latest[key] = Store(_keys[key], id, 1, 0, _hasDetails[id]).Details;
            _latestAt[key] = (key, id);
            state = HistoryModel.With(state, key, id, 1);
        }

        for (int i = 0; _setting.IsInChunks && i < 2 * TailFillers; i++)
        {
            Remove(_base[i]);
        }

        return state;
    }

    private void Execute(int thread, HistoryOperation operation, int id)
    {
        object key = _keys[operation.Key];
        long began = Interlocked.Increment(ref _ticket);
        int result = 0;
        switch (operation.Kind)
        {
            case HistoryOperationKind.Get:
                result = Get(key);
                break;

            case HistoryOperationKind.Set:
                _deadlines[id] = operation.Deadline;
                _hasDetails[id] = operation.HasDetails;
                (bool stored, EntryDetails? details) =
                    Store(key, id, operation.Amount, operation.Deadline, operation.HasDetails);
                result = stored ? 1 : 0;
                if (details is not null)
                {
                    _latest[thread] = details;
                    _latestAt[thread] = (operation.Key, id);
                }

                break;

            case HistoryOperationKind.Remove:
                result = Remove(key) ? 1 : 0;
                break;

            case HistoryOperationKind.RemoveDetails when _latest[thread] is { } latest:
                _engine.Remove(latest, EvictionReason.TokenExpired);
                (int at, id) = _latestAt[thread];
                operation = operation with { Key = at };
                break;

            case HistoryOperationKind.RemoveDetails:
                id = 0;
                break;

            case HistoryOperationKind.UpdateCharge:
                UpdateCharge(thread, operation, key, began);
                return;

            case HistoryOperationKind.SetLimit:
                _engine.SetMaxBytes(operation.Amount);
                break;

            case HistoryOperationKind.EvictDownToLimit:
                _engine.EvictDownToLimit();
                break;

            case HistoryOperationKind.AdvanceClock:
                _clock.Advance(HistoryModel.MaxClock);
                break;

            case HistoryOperationKind.RemoveExpired:
                _engine.RemoveExpired(static _ => { });
                break;

            case HistoryOperationKind.Clear:
                _engine.Clear();
                break;

            case HistoryOperationKind.AddFillers:
                for (int i = 0; i < FillersAtOnce && _fillersIn[thread] < ThreadFillers; i++)
                {
                    Store(_fillers[thread][_fillersIn[thread]++], 0, 0, 0, false);
                }

                break;

            case HistoryOperationKind.RemoveFillers:
                for (int i = 0; i < FillersAtOnce && _fillersIn[thread] > 0; i++)
                {
                    Remove(_fillers[thread][--_fillersIn[thread]]);
                }

                break;

            default:
                _engine.Trim();
                break;
        }

        _events[thread].Add(new HistoryEvent(operation, id, result, began, Interlocked.Increment(ref _ticket)));
    }

    private void UpdateCharge(int thread, HistoryOperation operation, object key, long began)
    {
        bool found = _isString
            ? _engine.TryPeek(new StringLookup((string)key), out StoredEntry entry)
            : _engine.TryPeek(new ObjectLookup(key), out entry);
        int id = found ? (int)entry.Value! : 0;
        _events[thread].Add(new HistoryEvent(
            operation with { Kind = HistoryOperationKind.Get }, 0, id, began, Interlocked.Increment(ref _ticket)));
        if (found)
        {
            long updating = Interlocked.Increment(ref _ticket);
            ChargeUpdate result = _engine.UpdateCharge(entry.SlotRef, operation.Amount);
            _events[thread].Add(new HistoryEvent(
                operation, id, (int)result, updating, Interlocked.Increment(ref _ticket)));
        }
    }

    /// <summary>The last state is read too, so that the order of operations must explain it.</summary>
    private void Check(ulong initial)
    {
        List<HistoryEvent> history = [.. _events.SelectMany(static events => events)];
        int[] present = new int[HistoryModel.MaxIds];
        for (int key = 0; key < _setting.KeyCount; key++)
        {
            long began = Interlocked.Increment(ref _ticket);
            int id = Get(_keys[key]);
            present[id] = 1;
            history.Add(new HistoryEvent(
                new HistoryOperation(HistoryOperationKind.Get, key, 0, 0, false),
                0,
                id,
                began,
                Interlocked.Increment(ref _ticket)));
        }

        if (!_checker.IsLinearizable(new HistoryModel(_deadlines), initial, history))
        {
            Fail("No order of the operations explains what they returned", history);
        }

        if (!_setting.IsInChunks || Histories % 4 == 0)
        {
            InvariantChecker.Check(_engine, shrinking: true);
        }

        foreach (HistoryEvent stored in history)
        {
            int id = stored.Id;
            if (stored.Operation.Kind == HistoryOperationKind.Set
                && stored.Result != 0
                && _hasDetails[id]
                && _deadlines[id] == 0
                && _reported[id] + present[id] != 1)
            {
                Fail($"Value {id} was reported {_reported[id]} times and is found {present[id]} times", history);
            }
        }
    }

    private void Fail(string what, List<HistoryEvent> history) => throw new InvalidOperationException(
        $"{what}, in history {Histories}. Values {FirstInitialId} and {FirstInitialId + 1} were stored before.\n"
            + string.Join("\n", history.OrderBy(static done => done.Began)));

    private int Get(object key)
    {
        bool found = _isString
            ? _engine.TryGet(new StringLookup((string)key), out object? value)
            : _engine.TryGet(new ObjectLookup(key), out value);
        return found ? (int)value! : 0;
    }

    private bool Remove(object key) =>
        _isString ? _engine.Remove(new StringLookup((string)key)) : _engine.Remove(new ObjectLookup(key));

    private (bool Stored, EntryDetails? Details) Store(object key, int id, int charge, int deadline, bool hasDetails)
    {
        long ticks = deadline == 0 ? long.MaxValue : ManualClock.Origin + deadline;
        EntryDetails? details = !hasDetails ? null : new EntryDetails
        {
            Value = _values[id],
            Callbacks = [],
            Tokens = [],
            AbsoluteExpirationTicks = ticks,
            SlidingTicks = 0,
            LastAccessTicks = 0,
        };
        var entry = new NewEntry
        {
            Key = key,
            Value = _values[id],
            Details = details,
            Priority = CacheItemPriority.Normal,
            Charge = charge,
            Deadline = ticks,
        };
        return (_isString
            ? _engine.Set(new StringLookup((string)key), in entry, out _)
            : _engine.Set(new ObjectLookup(key), in entry, out _), details);
    }

    /// <summary>
    /// A key whose Equals is user code and which shares its hash with others. Now and then it lets other threads run
    /// while it is compared, which is between what a writer looks up without the lock and what it does under it.
    /// </summary>
    private sealed class HistoryKey(int number)
    {
        [ThreadStatic]
        private static uint t_comparisons;

        private readonly int _number = number;

        public override bool Equals(object? obj)
        {
            if (_number < HistoryModel.MaxKeys)
            {
                t_comparisons = (t_comparisons * 1_664_525) + 1_013_904_223;
                switch (t_comparisons >> 29)
                {
                    case 0:
                        Thread.Yield();
                        break;

                    case 1 or 2:
                        Thread.SpinWait((int)(t_comparisons >> 20) & 127);
                        break;
                }
            }

            return obj is HistoryKey other && other._number == _number;
        }

        public override int GetHashCode() => _number < FirstBaseKey ? _number & 1 : _number;
    }
}
