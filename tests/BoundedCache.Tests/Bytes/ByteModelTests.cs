using BoundedCache.TestSupport;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Time.Testing;
using static BoundedCache.Tests.Bytes.ByteCacheSetup;

namespace BoundedCache.Tests.Bytes;

/// <summary>Random operations against a dictionary that remembers what was stored last, and until when.</summary>
public sealed class ByteModelTests
{
    private static readonly TimeSpan s_step = TimeSpan.FromMilliseconds(50);

    [Theory]
    [InlineData(1, 4 * MiB, 3_000, 400, EvictionPolicy.LeastRecentlyUsed)]
    [InlineData(2, 300 * 1024, 60_000, 100, EvictionPolicy.LeastRecentlyUsed)]
    [InlineData(3, 16 * MiB, 300_000, 200, EvictionPolicy.LeastRecentlyUsed)]
    [InlineData(4, 2 * MiB, 200, 20_000, EvictionPolicy.LeastRecentlyUsed)]
    [InlineData(5, 8 * MiB, 20_000, 2_000, EvictionPolicy.LeastRecentlyUsed)]
    [InlineData(6, 300 * 1024, 60_000, 100, EvictionPolicy.ScanResistant)]
    [InlineData(7, 16 * MiB, 300_000, 200, EvictionPolicy.ScanResistant)]
    [InlineData(8, 2 * MiB, 200, 20_000, EvictionPolicy.ScanResistant)]
    [InlineData(9, 8 * MiB, 20_000, 2_000, EvictionPolicy.ScanResistant)]
    public void Random_operations_agree_with_a_model(
        int seed, long limit, int largest, int keys, EvictionPolicy policy) =>
        Run(seed, limit, largest, keys, 40_000_000, policy);

    [SoakTheory]
    [Trait("Category", "Soak")]
    [InlineData(11, 64 * MiB, 3_000, 40_000, EvictionPolicy.LeastRecentlyUsed)]
    [InlineData(12, 64 * MiB, 300_000, 2_000, EvictionPolicy.LeastRecentlyUsed)]
    [InlineData(13, 64 * MiB, 3_000, 40_000, EvictionPolicy.ScanResistant)]
    public void A_billion_bytes_agree_with_a_model(
        int seed, long limit, int largest, int keys, EvictionPolicy policy) =>
        Run(seed, limit, largest, keys, 1_000_000_000, policy);

    private static void Run(int seed, long limit, int largest, int keys, long bytes, EvictionPolicy policy)
    {
        var random = new Random(seed);
        FakeTimeProvider clock = Clock();
        using BoundedByteCache cache = Make(limit, clock, policy: policy);
        var model = new Model(clock);
        long written = 0;
        long looks = 0;
        long hits = 0;
        byte[] buffer = new byte[largest];
        for (int step = 0; written < bytes; step++)
        {
            // Entries live for a time that depends on the number of keys: so it passes with the steps.
            clock.Advance(s_step);
            string key = (random.Next(3) == 0 ? "k\u0142" : "k") + random.Next(keys);
            switch (random.Next(100))
            {
                case < 45:
                    int length = (int)(largest * Math.Pow(random.NextDouble(), 3));
                    Fill(buffer.AsSpan(0, length), step);
                    DistributedCacheEntryOptions? times = Times(random, clock, keys);
                    bool isStored = random.Next(8) == 0
                        ? cache.Set(key, Sequences.Hooked(buffer[..length], static () => { }), times)
                        : cache.Set(key, buffer.AsSpan(0, length), times);
                    written += length + 50;
                    model.Set(key, step, length, times, isStored);
                    break;
                case < 87:
                    byte[]? value = step % 2 == 0 ? cache.Get(key) : Read(cache, key);
                    looks++;
                    hits += value is null ? 0 : 1;
                    model.Read(key, value);
                    break;
                case < 90:
                    model.Refresh(key, cache.Refresh(key));
                    break;
                case < 97:
                    model.Remove(key, cache.Remove(key));
                    break;
                case 97 when random.Next(50) == 0:
                    cache.MaxMemory = random.Next(2) == 0 ? limit : limit / (1 + random.Next(8));
                    break;
                case 98 when random.Next(300) == 0:
                    cache.Compact(random.NextDouble());
                    break;
                case 98 when random.Next(600) == 0:
                    cache.Clear();
                    model.RemoveAll(static _ => true);
                    Assert.Equal(0, cache.Count);
                    break;
                case 99 when random.Next(500) == 0:
                    cache.RemoveByPrefix("k\u0142");
                    model.RemoveAll(static key => key.StartsWith("k\u0142", StringComparison.Ordinal));
                    break;
                default:
                    break;
            }

            Assert.True(cache.UsedMemory <= cache.MaxMemory);
            if (step % 2_000 == 0)
            {
                cache.Engine.CheckInvariants();
            }
        }

        cache.Engine.CheckInvariants();
        Assert.True(hits * 20 > looks, $"{hits} hits of {looks}");
        CacheSnapshot snapshot = cache.GetSnapshot();
        Assert.Equal(snapshot.Insertions - snapshot.Evictions.All.Entries, snapshot.Count);
        Assert.True(snapshot.Evictions.Expired.Entries > 0 && snapshot.RefusedExpired > 0);
    }

    /// <summary>When an entry expires: most do not, some did already.</summary>
    private static DistributedCacheEntryOptions? Times(Random random, FakeTimeProvider clock, int keys)
    {
        DateTimeOffset now = clock.GetUtcNow();
        TimeSpan time = s_step * (1 + random.Next(8 * keys));
        TimeSpan window = s_step * (1 + random.Next(4 * keys));
        return random.Next(20) switch
        {
            < 2 => new DistributedCacheEntryOptions { AbsoluteExpiration = now + time },
            < 4 => new DistributedCacheEntryOptions { AbsoluteExpirationRelativeToNow = time },
            < 6 => new DistributedCacheEntryOptions { SlidingExpiration = window },
            < 8 => new DistributedCacheEntryOptions
            {
                SlidingExpiration = window,
                AbsoluteExpirationRelativeToNow = time,
            },
            8 => new DistributedCacheEntryOptions { AbsoluteExpiration = now },
            _ => null,
        };
    }

    /// <summary>What may be found. The cache may have evicted it, but then it does not come back.</summary>
    private sealed class Model(FakeTimeProvider clock)
    {
        private readonly Dictionary<string, Stored> _stored = [];

        private DateTimeOffset Now => clock.GetUtcNow();

        public void Set(string key, int seed, int length, DistributedCacheEntryOptions? times, bool isStored)
        {
            DateTimeOffset absolute = times?.AbsoluteExpiration
                ?? (times?.AbsoluteExpirationRelativeToNow is { } time ? Now + time : DateTimeOffset.MaxValue);
            _stored.Remove(key);
            if (isStored && absolute > Now)
            {
                var stored = new Stored(seed, length, times?.SlidingExpiration, absolute, absolute);
                _stored.Add(key, Used(stored));
            }
        }

        public void Read(string key, byte[]? value)
        {
            if (Find(key, value is not null) is { } stored)
            {
                Assert.Equal(stored.Length, value!.Length);
                Assert.True(Is(value, stored.Seed), $"{key} holds bytes of another value");
                _stored[key] = Used(stored);
            }
        }

        public void Refresh(string key, bool isThere)
        {
            if (Find(key, isThere) is { } stored)
            {
                _stored[key] = Used(stored);
            }
        }

        public void Remove(string key, bool wasThere)
        {
            _ = Find(key, wasThere);
            _stored.Remove(key);
        }

        public void RemoveAll(Predicate<string> match)
        {
            foreach (string key in _stored.Keys.Where(key => match(key)).ToList())
            {
                _stored.Remove(key);
            }
        }

        private Stored? Find(string key, bool isThere)
        {
            if (!isThere)
            {
                _stored.Remove(key);
                return null;
            }

            Assert.True(_stored.TryGetValue(key, out Stored? stored), $"{key} is gone");
            Assert.True(stored.Deadline > Now, $"{key} expired at {stored.Deadline}, and it is {Now}");
            return stored;
        }

        private Stored Used(Stored stored) => stored.Window is { } window
            ? stored with { Deadline = Now + window < stored.Absolute ? Now + window : stored.Absolute }
            : stored;

        private sealed record Stored(
            int Seed, int Length, TimeSpan? Window, DateTimeOffset Deadline, DateTimeOffset Absolute);
    }
}
