namespace BoundedCache.Contract.Tests;

/// <summary>The caches that the contract is held against.</summary>
public enum CacheKind
{
    /// <summary>Microsoft's <c>MemoryCache</c>: what it does is the contract.</summary>
    MemoryCache,

    /// <summary>Ours.</summary>
    BoundedMemoryCache,

    /// <summary>Ours under <see cref="EvictionPolicy.ScanResistant"/>.</summary>
    ScanResistant,
}
