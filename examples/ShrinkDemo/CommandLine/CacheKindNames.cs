namespace BoundedCache.ShrinkDemo.CommandLine;

/// <summary>The caches' names, as the command line writes them and as people read them.</summary>
internal static class CacheKindNames
{
    public static string ArgumentFor(this CacheKind kind) =>
        kind == CacheKind.BoundedCache ? "bounded-cache" : "memory-cache";

    public static string DisplayName(this CacheKind kind) =>
        kind == CacheKind.BoundedCache ? nameof(BoundedMemoryCache) : "MemoryCache";

    /// <summary>
    /// Put into file names, so that the pictures of two caches can lie side by side; empty for
    /// the one the demo is about.
    /// </summary>
    public static string FileSuffix(this CacheKind kind) =>
        kind == CacheKind.BoundedCache ? string.Empty : "-memory-cache";
}
