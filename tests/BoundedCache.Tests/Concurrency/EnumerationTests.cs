using BoundedCache.Engine;
using BoundedCache.TestSupport;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Tests.Concurrency;

/// <summary>
/// Keys enumerated while entries are added, removed and moved. Without <c>InsertedSlots</c> a key that is stored again
/// is enumerated twice within a second.
/// </summary>
[Collection(StressTests.Name)]
public class EnumerationTests
{
    private const int PermanentCount = 300;

    [Fact]
    public void Keys_that_stay_are_enumerated_each_exactly_once_whatever_changes_meanwhile() =>
        Run(TimeSpan.FromSeconds(3));

    [SoakFact]
    [Trait("Category", "Soak")]
    public void Keys_that_stay_are_enumerated_each_exactly_once_for_long() => Run(Soak.Duration!.Value);

    private static void Run(TimeSpan duration)
    {
        using var cache = new BoundedMemoryCache(new BoundedMemoryCacheOptions
        {
            MaxMemory = long.MaxValue,
            Sizing = EntrySizing.Declared,
            ReleaseMode = ReleaseMode.None,
        });
        object[] fillers = Keys.MakeMany(KeyKind.Strings, 20_000);
        int permanent = 0;
        var crowd = new Crowd();
        crowd
            .Add("enumerator", 2, _ => _ =>
            {
                int atLeast = Volatile.Read(ref permanent);
                int[] counts = new int[PermanentCount];
                var seen = new HashSet<object>();
                foreach (object key in cache.Keys)
                {
                    Assert.True(seen.Add(key), $"{key} was enumerated twice");
                    if (key is int number)
                    {
                        counts[number]++;
                    }
                }

                for (int i = 0; i < PermanentCount; i++)
                {
                    Assert.True(counts[i] <= 1, $"the key {i} was enumerated {counts[i]} times");
                    Assert.True(i >= atLeast || counts[i] == 1, $"the key {i} was not enumerated");
                }
            })
            .Add("churn", random =>
            {
                foreach (object key in fillers)
                {
                    Set(cache, key, 1);

                    // The permanent keys are spread over the chunks.
                    if (permanent < PermanentCount && random.Next(50) == 0)
                    {
                        Set(cache, permanent, 0);
                        Volatile.Write(ref permanent, permanent + 1);
                    }
                }

                random.Shuffle(fillers);
                for (int i = 0; i < fillers.Length && !crowd.IsStopping; i++)
                {
                    cache.Remove(fillers[i]);
                }

                cache.Compact(0);
            })
            .Add("replacer", random =>
            {
                if (Volatile.Read(ref permanent) is > 0 and var count)
                {
                    Set(cache, random.Next(count), 0);
                }

                Thread.Yield();
            })
            .Run(duration);
        InvariantChecker.Check(cache.Engine);
    }

    private static void Set(BoundedMemoryCache cache, object key, long size)
    {
        using ICacheEntry entry = cache.CreateEntry(key);
        entry.Value = key;
        entry.Size = size;
    }
}
