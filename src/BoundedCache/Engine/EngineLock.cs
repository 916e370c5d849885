namespace BoundedCache.Engine;

/// <summary>The engine's lock, which bulk work hands to those who wait for it before it takes it again.</summary>
/// <remarks>
/// The runtime's lock is not fair: who releases it and takes it again at once gets it before a waiter has woken up, for
/// as long as a tenth of a second. A scan that holds it for some tens of microseconds thousands of times in a row would
/// keep a writer waiting for most of its time. And who sleeps has to be woken, which took one to four milliseconds on a
/// machine that shares its processors; so who waits for bulk work stays awake.
/// </remarks>
/// <param name="patienceMilliseconds">
/// How long bulk work waits for those who were there before it: they may not get a processor meanwhile, and it
/// must not depend on that.
/// </param>
/// <param name="wakefulMilliseconds">
/// How long one who waits for bulk work stays awake: many times a hold of it, so what takes longer has no processor.
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

    /// <summary>Waits until the lock is free, and takes it.</summary>
    public Held Enter()
    {
        if (!_lock.TryEnter())
        {
            Wait();
        }

        return new Held(_lock);
    }

    /// <summary>Takes the lock after all those who wait for it now: for work that takes it again and again.</summary>
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

    /// <summary>Takes the lock if it is free.</summary>
    public bool TryEnter() => _lock.TryEnter();

    public void Exit() => _lock.Exit();

    private void Wait()
    {
        Interlocked.Increment(ref _waiting);
        try
        {
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
    /// Whether the lock was taken. False at once where it is not bulk work that holds it, for which the
    /// runtime's lock waits well.
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
