namespace BoundedCache.Process;

/// <summary>Work that must be done to its end, on a thread that others may interrupt.</summary>
internal static class Endurance
{
    /// <summary>Runs work, and runs it again for as long as an interrupt ends it early.</summary>
    /// <param name="work">Does what is left of it when it runs again.</param>
    /// <returns>
    /// Whether the thread was interrupted. Where the thread is the caller's, interrupt it again: the exception is its
    /// own. On a thread of the library the interrupt was meant for other code that ran there, and ended.
    /// </returns>
    public static bool Run(Action work)
    {
        bool isInterrupted = false;
        while (true)
        {
            try
            {
                work();
                return isInterrupted;
            }
            catch (ThreadInterruptedException)
            {
                isInterrupted = true;
            }
        }
    }
}
