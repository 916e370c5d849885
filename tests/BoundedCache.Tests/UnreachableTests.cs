using System.Runtime.CompilerServices;
using BoundedCache.Tests.Sizing;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Tests;

/// <summary>Nothing in the cache keeps a removed entry alive.</summary>
[Collection(HeapTests.Name)]
public sealed class UnreachableTests
{
    public enum Shape
    {
        Plain,
        WithDeadline,
        WithDetails,
    }

    private static readonly Dictionary<string, Action<CacheUnderTest>> s_ways = new()
    {
        ["evicted for a new entry"] = static test => test.Set("large", 1, static entry => entry.Size = 100),
        ["evicted by a lower limit"] = static test => test.Cache.MaxMemory = 1,
        ["compacted"] = static test => test.Cache.Compact(1),
        ["cleared"] = static test => test.Cache.Clear(),
        ["removed"] = static test => test.Cache.Keys.ToList().ForEach(test.Cache.Remove),
        ["found expired by the scan"] = static test => test.Time.Advance(TimeSpan.FromHours(2)),
        ["left by a cache that is disposed"] = static test => test.Cache.Dispose(),
    };

    public static TheoryData<string, Shape> Ways
    {
        get
        {
            var ways = new TheoryData<string, Shape>();
            foreach (string way in s_ways.Keys)
            {
                foreach (Shape shape in Enum.GetValues<Shape>()
                    .Where(shape => shape != Shape.Plain || !way.Contains("expired", StringComparison.Ordinal)))
                {
                    ways.Add(way, shape);
                }
            }

            return ways;
        }
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void Key_and_value_die_when_they_are(string way, Shape shape)
    {
        using CacheUnderTest test = CacheUnderTest.OfEntries(100);
        WeakReference[] references = Fill(test, shape);
        AssertAlive(references);
        Use(test);

        s_ways[way](test);

        AssertDead(references);
        GC.KeepAlive(test);
    }

    [Theory]
    [InlineData(Shape.Plain)]
    [InlineData(Shape.WithDeadline)]
    [InlineData(Shape.WithDetails)]
    public void A_value_dies_when_it_is_replaced(Shape shape)
    {
        using CacheUnderTest test = CacheUnderTest.OfEntries(100);
        WeakReference value = Store(test, "key", shape);
        Store(test, "key", Shape.Plain);

        AssertDead([value]);
    }

    [Theory]
    [InlineData(Shape.Plain)]
    [InlineData(Shape.WithDetails)]
    public void A_value_dies_when_it_is_refused(Shape shape)
    {
        using CacheUnderTest test = CacheUnderTest.OfEntries(100);
        WeakReference value = Store(test, "key", shape, size: 101);

        Assert.Equal(0, test.Cache.Count);
        AssertDead([value]);
    }

    [Fact]
    public void A_value_dies_when_a_reader_finds_it_expired()
    {
        using CacheUnderTest test = CacheUnderTest.OfEntries(100);
        WeakReference value = Store(test, "key", Shape.WithDeadline);
        test.Time.Advance(TimeSpan.FromMinutes(30));
        Assert.False(test.Has("key"));

        AssertDead([value]);
    }

    [Fact]
    public void Measuring_a_graph_keeps_nothing_of_it()
    {
        using var test = new CacheUnderTest();
        WeakReference value = StoreGraph(test.Cache);
        test.Cache.Remove("key");

        AssertDead([value]);
    }

    [Fact]
    public void Entries_that_moved_within_the_table_leave_nothing_where_they_were()
    {
        using var test = new CacheUnderTest(
            static options => (options.MaxMemory, options.Sizing) = (100_000, EntrySizing.Declared));
        WeakReference[] references = FillMany(test.Cache, 50_000);

        // All but every hundredth are removed, so that the rest are moved together; then the rest are removed too.
        for (int i = 0; i < 50_000; i++)
        {
            test.Cache.Remove($"key {(i % 100 == 0 ? -1 : i)}");
        }

        test.Cache.Compact(0);
        Assert.Equal(500, test.Cache.Count);
        test.Cache.Clear();

        AssertDead(references);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference[] FillMany(BoundedMemoryCache cache, int count)
    {
        List<WeakReference> references = [];
        for (int i = 0; i < count; i++)
        {
            object value = new();
            cache.Set($"key {i}", value, new MemoryCacheEntryOptions { Size = 1 });
            if (i % 100 == 0)
            {
                references.Add(new WeakReference(value));
            }
        }

        return [.. references];
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference[] Fill(CacheUnderTest test, Shape shape)
    {
        List<WeakReference> references = [];
        for (int i = 0; i < 10; i++)
        {
            object key = i % 2 == 0 ? new object() : $"key {i}";
            references.Add(new WeakReference(key));
            references.Add(Store(test, key, shape));
        }

        return [.. references];
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Use(CacheUnderTest test) => test.Cache.Keys.ToList().ForEach(key => test.Has(key));

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference Store(CacheUnderTest test, object key, Shape shape, long size = 2)
    {
        object value = new();
        using ICacheEntry entry = test.Cache.CreateEntry(key);
        entry.Value = value;
        entry.Size = size;
        entry.AbsoluteExpirationRelativeToNow = shape == Shape.Plain ? null : TimeSpan.FromMinutes(30);
        if (shape == Shape.WithDetails)
        {
            entry.SlidingExpiration = TimeSpan.FromMinutes(40);
            entry.RegisterPostEvictionCallback(static (_, _, _, _) => { });
        }

        return new WeakReference(value);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference StoreGraph(BoundedMemoryCache cache)
    {
        var value = new List<object>
        {
            new Dictionary<string, object> { ["a"] = new object(), ["b"] = new List<object> { new() } },
        };
        cache.Set("key", value);
        return new WeakReference(value);
    }

    private static void AssertAlive(WeakReference[] references)
    {
        GC.Collect();
        Assert.All(references, static reference => Assert.True(reference.IsAlive));
    }

    private static void AssertDead(WeakReference[] references) => Assert.True(
        Eventually.Dead(references),
        $"{references.Count(static reference => reference.IsAlive)} of {references.Length} are still alive");
}
