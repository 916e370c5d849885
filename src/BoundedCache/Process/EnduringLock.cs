namespace BoundedCache.Process;

/// <summary>Taking a lock for the end of what has begun, which must not be left half done.</summary>
/// <remarks>
/// A thread that is interrupted while it waits for the lock goes on, and stays interrupted: it gets the exception from
/// a later wait. One that has no memory to wait with tries again until the lock is free.
/// </remarks>
internal static class EnduringLock
{
    /// <summary>Takes the lock.</summary>
    public static Lock.Scope EnterAlways(this Lock held) => Enter(held, static held => held.EnterScope());

    /// <summary>Takes the lock of an object that threads also wait on; <see cref="Monitor.Exit"/> frees it.</summary>
    public static void EnterAlways(object held) => Enter(held, static held =>
    {
        Monitor.Enter(held);
        return true;
    });

    private static TScope Enter<TLock, TScope>(TLock held, Func<TLock, TScope> enter)
        where TScope : allows ref struct
    {
        bool isInterrupted = false;
        while (true)
        {
            try
            {
                TScope scope = enter(held);
                if (isInterrupted)
                {
                    Thread.CurrentThread.Interrupt();
                }

                return scope;
            }
            catch (ThreadInterruptedException)
            {
                isInterrupted = true;
            }
            catch (OutOfMemoryException)
            {
                Thread.Yield();
            }
        }
    }
}
