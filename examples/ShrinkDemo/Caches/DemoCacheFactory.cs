using BoundedCache.ShrinkDemo.CommandLine;

namespace BoundedCache.ShrinkDemo.Caches;

/// <summary>The cache that the options ask for.</summary>
internal static class DemoCacheFactory
{
    public static IDemoCache Create(DemoOptions options) => options.Cache == CacheKind.BoundedCache
        ? new BoundedDemoCache(options.MaxMemoryBytes, options.Release)
        : new MemoryDemoCache(options.MaxMemoryBytes, options.Release);
}
