namespace BoundedCache.Process;

/// <summary>Taking a lock for the end of what has begun, which must not be left half done.</summary>
/// <remarks>
/// A thread that is interrupted while it waits for the lock goes on, and stays interrupted: it gets the exception from
/// a later wait.
/// </remarks>
internal static class EnduringLock
{
    /// <summary>Takes the lock.</summary>
    public static Lock.Scope EnterAlways(this Lock held)
    {
        bool isInterrupted = false;
        while (true)
        {
            try
            {
                Lock.Scope scope = held.EnterScope();
                InterruptAgain(isInterrupted);
                return scope;
            }
            catch (ThreadInterruptedException)
            {
                isInterrupted = true;
            }
        }
    }

    /// <summary>Takes the lock of an object that threads also wait on; <see cref="Monitor.Exit"/> frees it.</summary>
    public static void EnterAlways(object held)
    {
        bool isInterrupted = false;
        while (true)
        {
            try
            {
                Monitor.Enter(held);
                InterruptAgain(isInterrupted);
                return;
            }
            catch (ThreadInterruptedException)
            {
                isInterrupted = true;
            }
        }
    }

    private static void InterruptAgain(bool wasInterrupted)
    {
        if (wasInterrupted)
        {
            Thread.CurrentThread.Interrupt();
        }
    }
}
