namespace BoundedCache.ShrinkDemo.CommandLine;

/// <summary>The caches' names, for the command line and for people.</summary>
internal static class CacheKindNames
{
    public static string ArgumentFor(this CacheKind kind) => kind switch
    {
        CacheKind.BoundedCache => "bounded-cache",
        CacheKind.Bytes => "bytes",
        _ => "memory-cache",
    };

    public static string DisplayName(this CacheKind kind) => kind switch
    {
        CacheKind.BoundedCache => nameof(BoundedMemoryCache),
        CacheKind.Bytes => nameof(BoundedByteCache),
        _ => "MemoryCache",
    };

    /// <summary>
    /// A suffix for file names, so that the pictures of two caches can be in one directory; empty for
    /// BoundedCache.
    /// </summary>
    public static string FileSuffix(this CacheKind kind) =>
        kind == CacheKind.BoundedCache ? string.Empty : $"-{kind.ArgumentFor()}";
}
