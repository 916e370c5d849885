using BoundedCache.ShrinkDemo.CommandLine;

namespace BoundedCache.ShrinkDemo.Caches;

/// <summary>The cache that the options ask for.</summary>
internal static class DemoCacheFactory
{
    public static IDemoCache Create(DemoOptions options) => options.Cache switch
    {
        CacheKind.BoundedCache => new BoundedDemoCache(options.MaxMemoryBytes, options.Release),
        CacheKind.Bytes => new ByteDemoCache(options.MaxMemoryBytes),
        _ => new MemoryDemoCache(options.MaxMemoryBytes, options.Release),
    };
}
