namespace BoundedCache.TestSupport;

/// <summary>What is alive in the whole heap. Only for tests that nothing runs beside.</summary>
public static class LiveHeap
{
    /// <summary>The bytes of all live objects, once finalizers have let go of what they held.</summary>
    /// <remarks>
    /// One collection is not enough: an object with a finalizer, and all that it refers to, lives until a second one.
    /// Between two readings it would be taken for a loss.
    /// </remarks>
    public static long Bytes()
    {
        for (int i = 0; i < 2; i++)
        {
            GC.Collect(2, GCCollectionMode.Forced, blocking: true, compacting: true);
            GC.WaitForPendingFinalizers();
        }

        return GC.GetTotalMemory(forceFullCollection: false);
    }
}
