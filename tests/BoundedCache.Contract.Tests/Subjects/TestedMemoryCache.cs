using BoundedCache.TestSupport;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Internal;
using Microsoft.Extensions.Logging;

namespace BoundedCache.Contract.Tests;

/// <summary>Microsoft's cache, the oracle.</summary>
internal sealed class TestedMemoryCache : TestedCache
{
    private readonly MemoryCache _cache;

    public TestedMemoryCache(CacheSetup setup, ManualTimeProvider time, ILoggerFactory? log)
    {
        Options = new MemoryCacheOptions
        {
            Clock = new Clock(time),
            SizeLimit = setup.SizeLimit,
            CompactionPercentage = setup.CompactionPercentage,
            TrackStatistics = setup.TrackStatistics || setup.SizeLimit is not null,
            TrackLinkedCacheEntries = setup.TrackLinkedCacheEntries,
            ExpirationScanFrequency = setup.ExpirationScanFrequency,
        };
        _cache = log is null ? new MemoryCache(Options) : new MemoryCache(Options, log);
    }

    public MemoryCacheOptions Options { get; }

    public override IMemoryCache Cache => _cache;

    public override int Count => _cache.Count;

    public override IEnumerable<object> Keys => _cache.Keys;

    /// <remarks>Only its statistics tell.</remarks>
    public override long Size => _cache.GetCurrentStatistics()!.CurrentEstimatedSize!.Value;

    public override void Clear() => _cache.Clear();

    public override void Compact(double percentage) => _cache.Compact(percentage);

    public override bool TryGetValue(ReadOnlySpan<char> key, out object? value) => _cache.TryGetValue(key, out value);

    public override bool TryGetValue<TItem>(ReadOnlySpan<char> key, out TItem? value)
        where TItem : default => _cache.TryGetValue(key, out value);

    public override bool TryGetNullLiteral() => _cache.TryGetValue(null, out _);

    public override bool TryGetByString(string? key, out object? value) => _cache.TryGetValue(key, out value);

    public override bool TryGetByString<TItem>(string? key, out TItem? value)
        where TItem : default => _cache.TryGetValue(key, out value);

    public override bool TryGetByObject(object? key, out object? value) => _cache.TryGetValue(key!, out value);

    public override void CheckInvariants()
    {
    }

    private sealed class Clock(TimeProvider time) : ISystemClock
    {
        public DateTimeOffset UtcNow => time.GetUtcNow();
    }
}
