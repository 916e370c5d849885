using BoundedCache.Harness;
using BoundedCache.Tests.Diagnostics;
using BoundedCache.TestSupport;
using Microsoft.Extensions.Caching.Distributed;
using static BoundedCache.Tests.Bytes.ByteCacheSetup;

namespace BoundedCache.Tests.Bytes;

/// <summary>What a byte cache logs, and what a listener to its metrics receives.</summary>
public sealed class ByteDiagnosticsTests
{
    [Fact]
    public async Task What_happens_to_a_cache_is_logged_and_measured()
    {
        using var meters = new MeterFactory();
        using var reader = new MeterReader(meters);
        using var log = new RecordingLog();
        using var cache = new BoundedByteCache(
            new BoundedByteCacheOptions { Name = "pages", MaxMemory = 8 * MiB, TimeProvider = Clock() }, log, meters);
        for (int i = 0; i < 2_000; i++)
        {
            Assert.True(cache.Set($"k{i}", Value(i, 1_000)));
        }

        cache.Set("k0", Value(1, 1_000));
        cache.Set("late", [1], new DistributedCacheEntryOptions { AbsoluteExpiration = DateTimeOffset.UnixEpoch });
        Assert.False(cache.Set("too large", new byte[9 * MiB]));
        cache.Get("k0");
        cache.Get("k1");
        cache.Get("other");
        cache.Remove("k1");
        cache.Compact(1.5 / 1_999);
        ShrinkReport shrunk = await cache.SetMaxMemoryAsync(MiB);
        cache.MaxMemory = 2 * MiB;
        ShrinkReport released = await ((IBoundedCache)cache).ReleaseAsync();
        CacheSnapshot end = cache.GetSnapshot();
        EvictionTotals left = end.Evictions;

        Assert.Equal(["Shrunk", "Raised", "Released"], log.Events);
        Assert.Equal(
            [shrunk.ToString(), $"pages: limit raised from {MiB} to {2 * MiB} bytes", released.ToString()],
            log.Messages);
        Assert.True(shrunk.EntriesEvicted > 500 && end.ReleasedBytes > 0);
        string[] measured =
        [
            "audited 0", "caches 0 scan_resistant", "caches 1 least_recently_used", "changed 0",
            $"entries {1_998 - shrunk.EntriesEvicted}",
            "evictions 0 capacity", "evictions 0 expired", "evictions 0 token_expired",
            "evictions 1 compact", "evictions 1 removed", "evictions 1 replaced",
            $"evictions {shrunk.EntriesEvicted} shrink",
            "insertions 2001",
            $"memory.effective_limit {2 * MiB}",
            "memory.evicted 0 capacity", "memory.evicted 0 expired", "memory.evicted 0 token_expired",
            $"memory.evicted {left.Compact.Bytes} compact", $"memory.evicted {left.Removed.Bytes} removed",
            $"memory.evicted {left.Replaced.Bytes} replaced", $"memory.evicted {shrunk.BytesEvicted} shrink",
            "memory.grown 0", $"memory.limit {2 * MiB}", "memory.overdue 0",
            $"memory.released {end.ReleasedBytes}", "memory.uncharged 0", $"memory.used {end.UsedMemory}",
            "refusals 1 expired", "refusals 1 too_large",
            "requests 1 miss", "requests 2 hit",
            "shrink.duration recorded released", "shrinks 1", "size_estimates 0",
            "unfinished 0",
            "yields 0",
        ];
        Assert.Equal(measured.Order(StringComparer.Ordinal), reader.Collect("pages"));
        cache.Engine.CheckInvariants();
    }
}
