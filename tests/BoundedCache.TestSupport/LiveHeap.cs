namespace BoundedCache.TestSupport;

/// <summary>What is alive in the whole heap. Only for tests that nothing runs beside.</summary>
public static class LiveHeap
{
    /// <summary>The bytes of all live objects, once finalizers have let go of what they held.</summary>
    /// <remarks>
    /// One collection is not enough where it finds objects with finalizers: they, and all that they refer to, live
    /// until a second one. Between two readings they would be taken for a loss.
    /// </remarks>
    public static long Bytes()
    {
        for (int i = 0; i < 2; i++)
        {
            GC.Collect(2, GCCollectionMode.Forced, blocking: true, compacting: true);
            if (GC.GetGCMemoryInfo(GCKind.FullBlocking).FinalizationPendingCount == 0)
            {
                break;
            }

            GC.WaitForPendingFinalizers();
        }

        return GC.GetTotalMemory(forceFullCollection: false);
    }
}
