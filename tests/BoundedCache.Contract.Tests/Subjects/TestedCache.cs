using BoundedCache.TestSupport;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Logging;

namespace BoundedCache.Contract.Tests;

/// <summary>
/// A cache under test: <see cref="IMemoryCache"/>, and the public members that both classes have beyond it.
/// </summary>
public abstract class TestedCache : IDisposable
{
    public abstract IMemoryCache Cache { get; }

    public abstract int Count { get; }

    public abstract IEnumerable<object> Keys { get; }

    public static TestedCache Create(
        CacheKind kind, CacheSetup setup, ManualTimeProvider time, ILoggerFactory? log) => kind switch
        {
            CacheKind.MemoryCache => new TestedMemoryCache(setup, time, log),
            _ => new TestedBoundedMemoryCache(setup, PolicyOf(kind), time, log),
        };

    /// <summary>The policy of our caches of a kind.</summary>
    public static EvictionPolicy PolicyOf(CacheKind kind) =>
        kind == CacheKind.ScanResistant ? EvictionPolicy.ScanResistant : EvictionPolicy.LeastRecentlyUsed;

    public abstract void Clear();

    public abstract void Compact(double percentage);

    /// <summary>Looks up by characters, with the class's own overload.</summary>
    public abstract bool TryGetValue(ReadOnlySpan<char> key, out object? value);

    /// <summary>Looks up by characters, with the class's own overload.</summary>
    public abstract bool TryGetValue<TItem>(ReadOnlySpan<char> key, out TItem? value);

    /// <summary>What <c>cache.TryGetValue(null, out _)</c> does when it is compiled against the class.</summary>
    public abstract bool TryGetNullLiteral();

    /// <summary>
    /// What <c>cache.TryGetValue(key, out object? value)</c> does with a string variable when it is
    /// compiled against the class.
    /// </summary>
    public abstract bool TryGetByString(string? key, out object? value);

    /// <summary>
    /// What <c>cache.TryGetValue(key, out TItem? value)</c> does with a string variable when it is
    /// compiled against the class.
    /// </summary>
    public abstract bool TryGetByString<TItem>(string? key, out TItem? value);

    /// <summary>
    /// What <c>cache.TryGetValue(key, out object? value)</c> does with an object variable when it is
    /// compiled against the class.
    /// </summary>
    public abstract bool TryGetByObject(object? key, out object? value);

    /// <summary>
    /// The sum of declared sizes, as the cache itself counts it. Only for a cache that has a size limit.
    /// </summary>
    public abstract long Size { get; }

    /// <summary>Checks what the cache promises of its inside at any time.</summary>
    public abstract void CheckInvariants();

    public void Dispose()
    {
        CheckInvariants();
        Cache.Dispose();
        CheckInvariants();
        GC.SuppressFinalize(this);
    }
}
