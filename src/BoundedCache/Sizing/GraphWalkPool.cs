namespace BoundedCache.Sizing;

/// <summary>Walks at rest: one small one per thread, and one large one for the process.</summary>
/// <remarks>
/// Large walks are not kept per thread: a thread pool of fifty threads would keep megabytes that no cache accounts for.
/// Nor are they all dropped: their arrays are large objects, and a service that caches large graphs would cause a full
/// collection every few hundred entries.
/// </remarks>
internal static class GraphWalkPool
{
    /// <summary>In objects: about 64 KB of arrays.</summary>
    private const int SmallCapacity = 1024;

    /// <summary>In objects: about 1 MB of arrays.</summary>
    private const int LargeCapacity = 16 * 1024;

#pragma warning disable IDE1006 // t_: one per thread
    [ThreadStatic]
    private static GraphWalk? t_small;
#pragma warning restore IDE1006

    private static GraphWalk? s_large;

    /// <summary>A walk for this caller alone; a nested call on the same thread gets another.</summary>
    public static GraphWalk Rent()
    {
        GraphWalk? walk = t_small;
        t_small = null;
        return walk ?? Interlocked.Exchange(ref s_large, null) ?? new GraphWalk();
    }

    public static void Return(GraphWalk walk)
    {
        walk.Clear();
        if (walk.Capacity <= SmallCapacity)
        {
            t_small = walk;
        }
        else if (walk.Capacity <= LargeCapacity)
        {
            Interlocked.CompareExchange(ref s_large, walk, null);
        }
    }
}
