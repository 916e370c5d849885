using BoundedCache.Engine;
using BoundedCache.TestSupport;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Tests.Concurrency;

/// <summary>
/// Keys that stay in the cache and must be found each time, whatever the table does meanwhile: buckets
/// are split and merged, entries move between chunks, chunks are freed and added again, small chunks grow by copying.
/// </summary>
[Collection(StressTests.Name)]
public class PermanentKeyTests
{
    private const int PermanentCount = 60;

    [Theory]
    [InlineData(KeyKind.Strings, EvictionPolicy.LeastRecentlyUsed)]
    [InlineData(KeyKind.Strings, EvictionPolicy.ScanResistant)]
    [InlineData(KeyKind.Clashing, EvictionPolicy.LeastRecentlyUsed)]
    public void Permanent_keys_are_found_while_the_table_swings_between_100_and_200_000_entries(
        KeyKind kind, EvictionPolicy policy) =>
        Swing(kind, KeyKind.Strings, policy, 200_000, TimeSpan.FromSeconds(3));

    [Theory]
    [InlineData(KeyKind.Strings, EvictionPolicy.LeastRecentlyUsed)]
    [InlineData(KeyKind.Strings, EvictionPolicy.ScanResistant)]
    [InlineData(KeyKind.Mixed, EvictionPolicy.LeastRecentlyUsed)]
    [InlineData(KeyKind.Mixed, EvictionPolicy.ScanResistant)]
    public void Permanent_keys_are_found_while_the_table_swings_between_few_and_some_thousand_entries(
        KeyKind kind, EvictionPolicy policy) =>
        Swing(kind, kind, policy, 10_000, TimeSpan.FromSeconds(1));

    [SoakTheory]
    [Trait("Category", "Soak")]
    [InlineData(KeyKind.Strings, EvictionPolicy.LeastRecentlyUsed, 200_000)]
    [InlineData(KeyKind.Strings, EvictionPolicy.ScanResistant, 200_000)]
    [InlineData(KeyKind.Mixed, EvictionPolicy.LeastRecentlyUsed, 10_000)]
    [InlineData(KeyKind.Mixed, EvictionPolicy.ScanResistant, 10_000)]
    public void Permanent_keys_are_found_for_long(KeyKind kind, EvictionPolicy policy, int most) =>
        Swing(kind, KeyKind.Strings, policy, most, Soak.Duration!.Value);

    [Theory]
    [InlineData(EvictionPolicy.LeastRecentlyUsed)]
    [InlineData(EvictionPolicy.ScanResistant)]
    public void Permanent_keys_are_found_while_new_caches_grow_their_first_chunk_and_buckets(EvictionPolicy policy)
    {
        var crowd = new Crowd();
        Small current = new(policy);
        crowd
            .Add("reader", 2, _ => _ => Volatile.Read(ref current).CheckPermanent())
            .Add("grower", random =>
            {
                var fresh = new Small(policy);
                Volatile.Write(ref current, fresh);
                fresh.Grow(random.Next(2200));
                InvariantChecker.Check(fresh.Cache.Engine);
            })
            .Run(TimeSpan.FromSeconds(1));
    }

    private static void Swing(
        KeyKind permanentKind, KeyKind fillerKind, EvictionPolicy policy, int most, TimeSpan duration)
    {
        using BoundedMemoryCache cache = MakeCache(policy);
        object[] permanent =
            [.. Enumerable.Range(1_000_000, PermanentCount).Select(number => Keys.Make(permanentKind, number))];
        object[] fillers = Keys.MakeMany(fillerKind, most);
        long[] versions = new long[PermanentCount];
        for (int i = 0; i < PermanentCount; i++)
        {
            StorePermanent(cache, permanent[i], new Stamped(i, 0));
        }

        var crowd = new Crowd();
        crowd
            .Add("reader", 2, _ =>
            {
                long[] seen = new long[PermanentCount];
                return random =>
                {
                    int number = random.Next(PermanentCount);
                    Assert.True(
                        cache.TryGetValue(permanent[number], out object? found),
                        $"the permanent key {number} was not found");
                    Stamped value = Assert.IsType<Stamped>(found);
                    Assert.Equal(number, value.Number);
                    Assert.True(value.Version >= seen[number], $"version {value.Version} after {seen[number]}");
                    seen[number] = value.Version;
                };
            })
            .Add("replacer", random =>
            {
                int number = random.Next(PermanentCount);
                StorePermanent(cache, permanent[number], new Stamped(number, ++versions[number]));
                Thread.Yield();
            })
            .Add("swinger", random =>
            {
                for (int i = 0; i < fillers.Length && !crowd.IsStopping; i++)
                {
                    StoreFiller(cache, fillers[i]);
                }

                Shrink(cache, fillers, random, crowd);
            })
            .Run(duration);
        InvariantChecker.Check(cache.Engine);
        Assert.All(permanent, key => Assert.True(cache.TryGetValue(key, out _)));
    }

    /// <summary>Removes all but about 100 fillers, or all of them, in one of several ways.</summary>
    private static void Shrink(BoundedMemoryCache cache, object[] fillers, Random random, Crowd crowd)
    {
        switch (random.Next(4))
        {
            case 0:
                // One by one, in random order: chunks become sparse, and are emptied by moving the rest.
                random.Shuffle(fillers);
                for (int i = 100; i < fillers.Length && !crowd.IsStopping; i++)
                {
                    cache.Remove(fillers[i]);
                }

                break;
            case 1:
                // One by one, in order: chunks become empty without moves.
                for (int i = 100; i < fillers.Length && !crowd.IsStopping; i++)
                {
                    cache.Remove(fillers[i]);
                }

                break;
            case 2:
                // The permanent keys have a size of zero, and are evicted last.
                cache.MaxMemory = 100;
                cache.MaxMemory = long.MaxValue;
                break;
            default:
                cache.Compact(1);
                break;
        }
    }

    private static BoundedMemoryCache MakeCache(EvictionPolicy policy) => new(new BoundedMemoryCacheOptions
    {
        EvictionPolicy = policy,
        MaxMemory = long.MaxValue,
        Sizing = EntrySizing.Declared,
        ReleaseMode = ReleaseMode.None,
    });

    private static void StoreFiller(BoundedMemoryCache cache, object key)
    {
        using ICacheEntry entry = cache.CreateEntry(key);
        entry.Value = key;
        entry.Size = 1;
    }

    /// <summary>A third each: with only a value; with a deadline; with details.</summary>
    private static void StorePermanent(BoundedMemoryCache cache, object key, Stamped value)
    {
        using ICacheEntry entry = cache.CreateEntry(key);
        entry.Value = value;
        entry.Size = 0;
        entry.Priority = CacheItemPriority.NeverRemove;
        switch ((value.Number + value.Version) % 3)
        {
            case 1:
                entry.AbsoluteExpirationRelativeToNow = TimeSpan.FromDays(1);
                break;
            case 2:
                entry.SlidingExpiration = TimeSpan.FromDays(1);
                break;
        }
    }

    /// <summary>A new cache that grows, with some permanent keys from the start.</summary>
    private sealed class Small
    {
        private const int Count = 12;
        private static readonly object[] s_keys = Keys.MakeMany(KeyKind.Mixed, Count);
        private static readonly object[] s_fillers =
            [.. Enumerable.Range(Count, 2200).Select(static number => Keys.Make(KeyKind.Mixed, number))];

        public Small(EvictionPolicy policy)
        {
            Cache = MakeCache(policy);
            for (int i = 0; i < Count; i++)
            {
                StorePermanent(Cache, s_keys[i], new Stamped(i, 0));
            }
        }

        public BoundedMemoryCache Cache { get; }

        public void CheckPermanent()
        {
            for (int i = 0; i < Count; i++)
            {
                Assert.True(
                    Cache.TryGetValue(s_keys[i], out object? found), $"the permanent key {s_keys[i]} was not found");
                Assert.Equal(i, Assert.IsType<Stamped>(found).Number);
            }
        }

        public void Grow(int entries)
        {
            for (int i = 0; i < entries; i++)
            {
                StoreFiller(Cache, s_fillers[i]);
                if (i % 16 == 0)
                {
                    int number = i / 16 % Count;
                    StorePermanent(Cache, s_keys[number], new Stamped(number, i));
                }
            }
        }
    }
}
