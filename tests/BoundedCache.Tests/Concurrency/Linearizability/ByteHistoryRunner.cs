using System.Buffers;
using BoundedCache.Bytes;

namespace BoundedCache.Tests.Concurrency.Linearizability;

/// <summary>Runs programs on real threads against a byte cache's engine, and checks each history.</summary>
internal sealed class ByteHistoryRunner : IDisposable
{
    private const int Torn = -1;
    private const int FillersAtOnce = 6;
    private const int ThreadFillers = 48;
    private const int FirstInitialId = (HistoryThreads.Most * HistoryProgram.MaxOperations) + 1;

    /// <summary>
    /// Lengths of values, by amount: three share a size class, so that one is written over the other; the last has
    /// two slabs.
    /// </summary>
    private static readonly int[] s_lengths = [0, 490, 496, 3_000, 480, 70_000];

    private readonly HistorySetting _setting;
    private readonly string[] _keys;
    private readonly ManualClock _clock = new();
    private readonly ByteEngine _engine;
    private readonly HistoryThreads _threads;
    private readonly List<HistoryEvent>[] _events;
    private readonly int[] _fillersIn = new int[HistoryThreads.Most];
    private readonly int[] _lengths = new int[HistoryModel.MaxIds];
    private readonly int[] _windows = new int[HistoryModel.MaxIds];
    private readonly int[] _deadlines = new int[HistoryModel.MaxIds];
    private readonly byte[][] _buffers;
    private readonly ArrayBufferWriter<byte>[] _writers;
    private readonly LinearizabilityChecker _checker = new();
    private long _ticket;

    /// <param name="setting">Which operations there are; a limit above 16 MiB holds everything.</param>
    /// <param name="keyLength">Characters of a key: a long one takes a reader long to compare.</param>
    /// <param name="clear">Whether freed memory is cleared.</param>
    /// <param name="policy">Which entries are evicted first.</param>
    public ByteHistoryRunner(HistorySetting setting, int keyLength, bool clear, EvictionPolicy policy)
    {
        _setting = setting;
        _keys = [.. Enumerable.Range(0, HistoryModel.MaxKeys).Select(i => new string((char)('a' + i), keyLength))];
        _events = [.. Enumerable.Range(0, HistoryThreads.Most).Select(static _ => new List<HistoryEvent>())];
        _buffers = [.. Enumerable.Range(0, HistoryThreads.Most).Select(static _ => new byte[s_lengths[^1]])];
        _writers = [.. Enumerable.Range(0, HistoryThreads.Most)
            .Select(static _ => new ArrayBufferWriter<byte>(s_lengths[^1]))];
        _engine = new ByteEngine(
            LinuxPageSource.Create(excludeFromCoreDumps: false), setting.Limit, _clock, clear, policy);
        _threads = new HistoryThreads(Execute);
    }

    private bool Evicts => _setting.Limit < 16 * 1024 * 1024;

    /// <summary>Histories that were checked.</summary>
    public long Histories { get; private set; }

    /// <summary>Runs a program several times; each time its threads meet in another way.</summary>
    /// <exception cref="InvalidOperationException">A history is not linearizable, or an invariant broke.</exception>
    public void Run(HistoryProgram program, int times)
    {
        for (int i = 0; i < times; i++)
        {
            ulong initial = Prepare();
            _threads.Run(program);
            Check(initial);
            Histories++;
        }
    }

    public void Dispose()
    {
        _threads.Dispose();
        _engine.Dispose();
    }

    private ulong Prepare()
    {
        _clock.Ticks = 0;
        _engine.SetLimit(_setting.Limit);
        for (int thread = 0; thread < HistoryThreads.Most; thread++)
        {
            while (_fillersIn[thread] > 0)
            {
                _engine.Remove($"filler {thread}/{--_fillersIn[thread]}");
            }
        }

        Array.ForEach(_keys, key => _engine.Remove(key));
        Array.ForEach(_events, static events => events.Clear());
        Array.Clear(_windows);
        Array.Clear(_deadlines);
        _ticket = 0;
        ulong state = 0;
        for (int key = 0; key < 2; key++)
        {
            int id = FirstInitialId + key;
            state = Store(0, new HistoryOperation(HistoryOperationKind.Set, key, key + 1, 0, false), id)
                ? ByteHistoryModel.With(state, key, id, 0)
                : throw new InvalidOperationException("The first values were not stored.");
        }

        return state;
    }

    private void Execute(int thread, HistoryOperation operation, int id)
    {
        string key = _keys[operation.Key];
        long began = Interlocked.Increment(ref _ticket);
        int result = 0;
        switch (operation.Kind)
        {
            case HistoryOperationKind.Get:
                result = Get(thread, key, operation.HasDetails);
                break;

            case HistoryOperationKind.Refresh:
                result = _engine.Refresh(key) ? 1 : 0;
                break;

            case HistoryOperationKind.Set:
                result = Store(thread, operation, id) ? 1 : 0;
                break;

            case HistoryOperationKind.Remove:
                result = _engine.Remove(key) ? 1 : 0;
                break;

            case HistoryOperationKind.SetLimit:
                _engine.SetLimit(Evicts
                    ? _setting.Limit * operation.Amount / HistoryModel.MaxAmount
                    : _setting.Limit - (operation.Amount * 1024 * 1024));
                _engine.EvictToLimit(out _);
                break;

            case HistoryOperationKind.AdvanceClock:
                _clock.Advance(HistoryModel.MaxClock);
                break;

            case HistoryOperationKind.RemoveExpired:
                _engine.RemoveExpired();
                break;

            case HistoryOperationKind.Clear:
                _engine.Clear();
                break;

            case HistoryOperationKind.AddFillers:
                for (int i = 0; i < FillersAtOnce && _fillersIn[thread] < ThreadFillers; i++)
                {
                    StoreFiller(thread, _fillersIn[thread]++);
                }

                break;

            case HistoryOperationKind.RemoveFillers:
                for (int i = 0; i < FillersAtOnce && _fillersIn[thread] > 0; i++)
                {
                    _engine.Remove($"filler {thread}/{--_fillersIn[thread]}");
                }

                break;

            default:
                throw new InvalidOperationException($"Expected an operation of a byte cache, got {operation.Kind}.");
        }

        _events[thread].Add(new HistoryEvent(operation, id, result, began, Interlocked.Increment(ref _ticket)));
    }

    /// <summary>The last state is read too, so that the order of operations must explain it.</summary>
    private void Check(ulong initial)
    {
        List<HistoryEvent> history = [.. _events.SelectMany(static events => events)];
        for (int key = 0; key < _setting.KeyCount; key++)
        {
            long began = Interlocked.Increment(ref _ticket);
            int id = Get(0, _keys[key], intoWriter: false);
            history.Add(new HistoryEvent(
                new HistoryOperation(HistoryOperationKind.Get, key, 0, 0, false),
                0,
                id,
                began,
                Interlocked.Increment(ref _ticket)));
        }

        if (!_checker.IsLinearizable(new ByteHistoryModel(_windows, _deadlines, Evicts), initial, history))
        {
            throw new InvalidOperationException(
                $"No order of the operations explains what they returned, in history {Histories}. Values "
                    + $"{FirstInitialId} and {FirstInitialId + 1} were stored before; {Torn} is a torn value.\n"
                    + string.Join("\n", history.OrderBy(static done => done.Began)));
        }

        if (Histories % 8 == 0)
        {
            _engine.CheckInvariants();
        }
    }

    /// <summary>Every byte of a value is its number.</summary>
    private bool Store(int thread, HistoryOperation operation, int id)
    {
        int length = s_lengths[operation.Amount];
        _lengths[id] = length;
        _deadlines[id] = operation.Deadline;
        _windows[id] = operation.HasDetails ? operation.Deadline : 0;
        EntryExpiration expiration = operation.Deadline == 0
            ? EntryExpiration.Never
            : new EntryExpiration(ManualClock.Origin + operation.Deadline, _windows[id], long.MaxValue);
        Span<byte> value = _buffers[thread].AsSpan(0, length);
        value.Fill((byte)id);
        return _engine.Set(_keys[operation.Key], value, expiration);
    }

    private void StoreFiller(int thread, int number)
    {
        Span<byte> value = _buffers[thread].AsSpan(0, s_lengths[1 + (number % 3)]);
        value.Fill(byte.MaxValue);
        _engine.Set($"filler {thread}/{number}", value, EntryExpiration.Never);
    }

    private int Get(int thread, string key, bool intoWriter)
    {
        if (!intoWriter)
        {
            return _engine.Get(key) is { } value ? IdOf(value) : 0;
        }

        ArrayBufferWriter<byte> writer = _writers[thread];
        writer.ResetWrittenCount();
        return _engine.TryGet(key, writer) ? IdOf(writer.WrittenSpan) : 0;
    }

    private int IdOf(ReadOnlySpan<byte> value)
    {
        int id = value.IsEmpty ? 0 : value[0];
        return id is > 0 and < HistoryModel.MaxIds && value.Length == _lengths[id]
            && !value.ContainsAnyExcept((byte)id)
            ? id
            : Torn;
    }
}
