namespace BoundedCache.Tests.Concurrency.Linearizability;

/// <summary>
/// The threads that programs run on: they begin at about the same time, each after a short random delay.
/// </summary>
internal sealed class HistoryThreads : IDisposable
{
    public const int Most = 4;

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    private readonly Action<int, HistoryOperation, int> _execute;
    private readonly Thread[] _threads;
    private readonly int[] _delays = new int[Most];
    private readonly Random _random = new(1);
    private readonly SemaphoreSlim[] _start = [.. Enumerable.Range(0, Most).Select(static _ => new SemaphoreSlim(0))];
    private readonly SemaphoreSlim _done = new(0);
    private HistoryProgram _program = new([]);
    private Exception? _failure;
    private int _arrived;
    private int _finished;
    private bool _stop;

    /// <param name="execute">Makes one call: the thread, the call, and the number of the value that it stores.</param>
    public HistoryThreads(Action<int, HistoryOperation, int> execute)
    {
        _execute = execute;
        _threads = [.. Enumerable.Range(1, Most - 1).Select(thread =>
            new Thread(() => Serve(thread)) { IsBackground = true, Name = $"history {thread}" })];
        Array.ForEach(_threads, static thread => thread.Start());
    }

    /// <summary>
    /// Runs a program. Thread 0 is the test's own. The others sleep before, since a busy machine has no time for
    /// spinning.
    /// </summary>
    /// <exception cref="InvalidOperationException">An operation threw.</exception>
    /// <exception cref="TimeoutException">An operation hangs.</exception>
    public void Run(HistoryProgram program)
    {
        _program = program;
        _failure = null;
        _arrived = 0;
        _finished = 0;
        for (int thread = 0; thread < program.Threads.Length; thread++)
        {
            _delays[thread] = _random.Next(60);
        }

        for (int thread = 1; thread < program.Threads.Length; thread++)
        {
            _start[thread].Release();
        }

        Work(0);
        if (!_done.Wait(s_patience))
        {
            throw new TimeoutException($"An operation hangs:\n{program}");
        }

        if (_failure is not null)
        {
            throw new InvalidOperationException($"An operation threw:\n{program}", _failure);
        }
    }

    public void Dispose()
    {
        Volatile.Write(ref _stop, true);
        Array.ForEach(_start, static start => start.Release());
        Array.ForEach(_threads, static thread => thread.Join(s_patience));
        Array.ForEach(_start, static start => start.Dispose());
        _done.Dispose();
    }

    private void Serve(int thread)
    {
        while (true)
        {
            _start[thread].Wait();
            if (Volatile.Read(ref _stop))
            {
                return;
            }

            Work(thread);
        }
    }

    private void Work(int thread)
    {
        Interlocked.Increment(ref _arrived);
        SpinWait spinner = default;
        while (Volatile.Read(ref _arrived) < _program.Threads.Length)
        {
            spinner.SpinOnce(sleep1Threshold: -1);
        }

        try
        {
            Thread.SpinWait(_delays[thread]);
            HistoryOperation[] operations = _program.Threads[thread];
            for (int i = 0; i < operations.Length; i++)
            {
                _execute(thread, operations[i], (thread * HistoryProgram.MaxOperations) + i + 1);
            }
        }
#pragma warning disable CA1031 // Carried to the test.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            Interlocked.CompareExchange(ref _failure, failure, null);
        }
        finally
        {
            if (Interlocked.Increment(ref _finished) == _program.Threads.Length)
            {
                _done.Release();
            }
        }
    }
}

/// <summary>A clock of single ticks that any thread may move.</summary>
internal sealed class ManualClock : TimeProvider
{
    public const long Origin = 1_000_000;

    private long _ticks;

    public long Ticks
    {
        set => Volatile.Write(ref _ticks, value);
    }

    public void Advance(int most)
    {
        long now = Volatile.Read(ref _ticks);
        while (now < most && Interlocked.CompareExchange(ref _ticks, now + 1, now) is var seen && seen != now)
        {
            now = seen;
        }
    }

    public override DateTimeOffset GetUtcNow() => new(Origin + Volatile.Read(ref _ticks), TimeSpan.Zero);
}
