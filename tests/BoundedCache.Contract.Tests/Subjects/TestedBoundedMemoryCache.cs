using BoundedCache.Engine;
using BoundedCache.TestSupport;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Logging;

namespace BoundedCache.Contract.Tests;

/// <summary>Our cache. Where the setup has no limit, sizes are measured and the limit is out of reach.</summary>
internal sealed class TestedBoundedMemoryCache : TestedCache
{
    private readonly BoundedMemoryCache _cache;

    public TestedBoundedMemoryCache(
        CacheSetup setup, EvictionPolicy policy, ManualTimeProvider time, ILoggerFactory? log)
        : this(
            new BoundedMemoryCacheOptions
            {
                MaxMemory = setup.SizeLimit ?? 100_000_000,
                Sizing = setup.SizeLimit is null ? EntrySizing.Measured : EntrySizing.Declared,
                EvictionPolicy = policy,
                ReleaseMode = ReleaseMode.None,
                TimeProvider = time,
                TrackStatistics = setup.TrackStatistics,
                TrackLinkedCacheEntries = setup.TrackLinkedCacheEntries,
                ExpirationScanFrequency = setup.ExpirationScanFrequency,
            },
            log)
    {
    }

    private TestedBoundedMemoryCache(BoundedMemoryCacheOptions options, ILoggerFactory? log)
    {
        Options = options;
        _cache = new BoundedMemoryCache(options, log);
    }

    public BoundedMemoryCacheOptions Options { get; }

    /// <summary>A cache that measures, with a limit that can be reached.</summary>
    public static TestedBoundedMemoryCache Measured(
        long bytes, EvictionPolicy policy, ManualTimeProvider time, ILoggerFactory? log) =>
        new(
            new BoundedMemoryCacheOptions
            {
                MaxMemory = bytes,
                EvictionPolicy = policy,
                ReleaseMode = ReleaseMode.None,
                TimeProvider = time,
            },
            log);

    public override IMemoryCache Cache => _cache;

    public override int Count => _cache.Count;

    public override IEnumerable<object> Keys => _cache.Keys;

    public override long Size => _cache.UsedMemory;

    public override void Clear() => _cache.Clear();

    public override void Compact(double percentage) => _cache.Compact(percentage);

    public override bool TryGetValue(ReadOnlySpan<char> key, out object? value) => _cache.TryGetValue(key, out value);

    public override bool TryGetValue<TItem>(ReadOnlySpan<char> key, out TItem? value)
        where TItem : default => _cache.TryGetValue(key, out value);

    public override bool TryGetNullLiteral() => _cache.TryGetValue(null!, out _);

    public override bool TryGetByString(string? key, out object? value) => _cache.TryGetValue(key!, out value);

    public override bool TryGetByString<TItem>(string? key, out TItem? value)
        where TItem : default => _cache.TryGetValue(key!, out value);

    public override bool TryGetByObject(object? key, out object? value) => _cache.TryGetValue(key!, out value);

    public override void CheckInvariants() => InvariantChecker.Check(_cache.Engine);
}
