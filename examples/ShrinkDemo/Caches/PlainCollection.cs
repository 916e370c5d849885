namespace BoundedCache.ShrinkDemo.Caches;

/// <summary>The collection that most people write: full and blocking, but neither compacting nor aggressive.</summary>
internal static class PlainCollection
{
    public static void Run() => GC.Collect();
}
