namespace BoundedCache.Engine;

/// <summary>The engine's lock. Bulk work lets waiting threads have it before it takes it again.</summary>
/// <remarks>
/// The runtime's lock is not fair: a thread that releases it and takes it again at once gets it before a waiting thread
/// has woken up. Bulk work, which takes the lock thousands of times in a row, would keep writers waiting. Waking a
/// sleeping thread also takes much longer than one hold of bulk work, so a thread that waits for bulk work spins.
/// </remarks>
/// <param name="patienceMilliseconds">
/// How long bulk work waits for the threads that were there before it. Limited, because they may not get a processor.
/// </param>
/// <param name="wakefulMilliseconds">
/// How long a thread that waits for bulk work spins. Many times a hold of bulk work: if it takes longer, the holder has
/// no processor.
/// </param>
internal sealed class EngineLock(long patienceMilliseconds = 1, long wakefulMilliseconds = 2)
{
    private readonly Lock _lock = new();
    private int _waiting;
    private int _served;
    private long _bulkAt = long.MinValue / 2;

    /// <summary>Whether the calling thread holds the lock. For assertions.</summary>
    public bool IsHeldByCurrentThread => _lock.IsHeldByCurrentThread;

    /// <summary>How many threads wait for the lock. For tests.</summary>
    internal int Waiting => Volatile.Read(ref _waiting);

    /// <summary>How often bulk work found threads waiting and let them in first. For tests.</summary>
    internal int TimesLetIn { get; private set; }

    /// <summary>
    /// Called by a thread that begins to wait, before it tries to take the lock again. For
    /// tests, which hold it up there.
    /// </summary>
    internal Action? OnWaiting { get; set; }

    /// <summary>Waits until the lock is free, and takes it.</summary>
    public Held Enter()
    {
        if (!_lock.TryEnter())
        {
            Wait();
        }

        return new Held(_lock);
    }

    /// <summary>
    /// Takes the lock after all threads that wait for it now. For work that takes the lock many times in a row.
    /// </summary>
    public Held EnterAfterOthers()
    {
        if (Volatile.Read(ref _waiting) is var waiting and > 0)
        {
            LetIn(waiting);
        }

        _lock.Enter();
        Volatile.Write(ref _bulkAt, Environment.TickCount64);
        return new Held(_lock);
    }

    /// <summary>
    /// Takes the lock for the end of what has begun. A thread that is interrupted while it waits goes on, and stays
    /// interrupted: it gets the exception from a later wait.
    /// </summary>
    public Held EnterAlways()
    {
        bool isInterrupted = false;
        while (true)
        {
            try
            {
                Held held = Enter();
                if (isInterrupted)
                {
                    Thread.CurrentThread.Interrupt();
                }

                return held;
            }
            catch (ThreadInterruptedException)
            {
                isInterrupted = true;
            }
        }
    }

    /// <summary>Takes the lock if it is free.</summary>
    public bool TryEnter() => _lock.TryEnter();

    public void Exit() => _lock.Exit();

    private void Wait()
    {
        Interlocked.Increment(ref _waiting);
        try
        {
            OnWaiting?.Invoke();
            if (!TryWaitAwake())
            {
                _lock.Enter();
            }

            _served++;
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    /// <returns>
    /// Whether the lock was taken. False at once if it is not bulk work that holds it: then the runtime's own wait is
    /// better.
    /// </returns>
    private bool TryWaitAwake()
    {
        long started = Environment.TickCount64;
        SpinWait spinner = default;
        while (Environment.TickCount64 is var now
            && now - started <= wakefulMilliseconds
            && now - Volatile.Read(ref _bulkAt) <= wakefulMilliseconds)
        {
            if (_lock.TryEnter())
            {
                return true;
            }

            spinner.SpinOnce(sleep1Threshold: -1);
        }

        return false;
    }

    private void LetIn(int waiting)
    {
        TimesLetIn++;
        int served = Volatile.Read(ref _served);
        long started = Environment.TickCount64;
        SpinWait spinner = default;
        while (Volatile.Read(ref _waiting) > 0
            && Volatile.Read(ref _served) - served < waiting
            && Environment.TickCount64 - started <= patienceMilliseconds)
        {
            spinner.SpinOnce(sleep1Threshold: -1);
        }
    }

    /// <summary>The lock, held until this is disposed.</summary>
    public readonly ref struct Held(Lock held)
    {
        public void Dispose() => held.Exit();
    }
}
