namespace BoundedCache.ShrinkDemo.CommandLine;

/// <summary>The cache that the story runs on.</summary>
internal enum CacheKind
{
    /// <summary>This repository's <see cref="BoundedMemoryCache"/>.</summary>
    BoundedCache = 0,

    /// <summary>Microsoft's <see cref="Microsoft.Extensions.Caching.Memory.MemoryCache"/>.</summary>
    MemoryCache = 1,

    /// <summary>This repository's <see cref="BoundedByteCache"/>: Linux on x64.</summary>
    Bytes = 2,
}
