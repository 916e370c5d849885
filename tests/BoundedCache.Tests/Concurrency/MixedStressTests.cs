using BoundedCache.TestSupport;

namespace BoundedCache.Tests.Concurrency;

/// <summary>
/// Everything at once: readers, writers, removers, threads that remeasure, Compact and Clear, and a
/// limit that rises and falls.
/// </summary>
[Collection(StressTests.Name)]
public class MixedStressTests
{
    private const int Writers = 2;
    private const int Readers = 2;

    [Theory]
    [InlineData(KeyKind.Strings, 3000, EvictionPolicy.LeastRecentlyUsed)]
    [InlineData(KeyKind.Strings, 3000, EvictionPolicy.ScanResistant)]
    [InlineData(KeyKind.Integers, 3000, EvictionPolicy.LeastRecentlyUsed)]
    [InlineData(KeyKind.Integers, 3000, EvictionPolicy.ScanResistant)]
    [InlineData(KeyKind.Clashing, 1000, EvictionPolicy.LeastRecentlyUsed)]
    [InlineData(KeyKind.Clashing, 1000, EvictionPolicy.ScanResistant)]
    [InlineData(KeyKind.Mixed, 12_000, EvictionPolicy.LeastRecentlyUsed)]
    [InlineData(KeyKind.Mixed, 12_000, EvictionPolicy.ScanResistant)]
    public void No_reader_is_misled_no_limit_is_passed_and_no_entry_is_lost(
        KeyKind kind, int keys, EvictionPolicy policy) => Run(kind, keys, policy, TimeSpan.FromSeconds(2));

    [SoakTheory]
    [Trait("Category", "Soak")]
    [InlineData(KeyKind.Strings, 3000, EvictionPolicy.LeastRecentlyUsed)]
    [InlineData(KeyKind.Strings, 3000, EvictionPolicy.ScanResistant)]
    [InlineData(KeyKind.Clashing, 1000, EvictionPolicy.LeastRecentlyUsed)]
    [InlineData(KeyKind.Clashing, 1000, EvictionPolicy.ScanResistant)]
    [InlineData(KeyKind.Mixed, 60_000, EvictionPolicy.LeastRecentlyUsed)]
    [InlineData(KeyKind.Mixed, 60_000, EvictionPolicy.ScanResistant)]
    public void No_reader_is_misled_no_limit_is_passed_and_no_entry_is_lost_for_long(
        KeyKind kind, int keys, EvictionPolicy policy)
    {
        // In rounds, because the record of what was stored grows without bound.
        for (TimeSpan left = Soak.Duration!.Value; left > TimeSpan.Zero; left -= TimeSpan.FromSeconds(5))
        {
            Run(kind, keys, policy, TimeSpan.FromSeconds(5));
        }
    }

    internal static void Run(KeyKind kind, int keys, EvictionPolicy policy, TimeSpan duration)
    {
        long most = keys * 300L;
        using var cache = new BoundedMemoryCache(new BoundedMemoryCacheOptions
        {
            MaxMemory = most,
            Sizing = EntrySizing.Declared,
            EvictionPolicy = policy,
            ReleaseMode = ReleaseMode.None,
            TimeProvider = new ManualTimeProvider(),
        });
        var population = new Population(cache, kind, keys, Writers);
        var watch = new LimitWatch(cache);
        new Crowd()
            .Add("reader", Readers, _ =>
            {
                LimitWatch.Look look = watch.NewLook();
                long[] seen = new long[keys];
                return random =>
                {
                    population.Read(random, seen);
                    look.Check();
                };
            })
            .Add("writer", Writers, writer =>
            {
                LimitWatch.Look look = watch.NewLook();
                return random =>
                {
                    if (random.Next(3) == 0)
                    {
                        population.GetOrCreate(writer, random);
                    }
                    else
                    {
                        population.Write(writer, random);
                    }

                    look.Check();
                };
            })
            .Add("remover", random =>
            {
                population.Remove(random);
                if (random.Next(2000) == 0)
                {
                    cache.Compact(random.NextDouble());
                }

                if (random.Next(20_000) == 0)
                {
                    cache.Clear();
                }
            })
            .Add("measurer", 1, _ =>
            {
                LimitWatch.Look look = watch.NewLook();
                return random =>
                {
                    population.Remeasure(random);
                    look.Check();
                };
            })
            .Add("resizer", random =>
            {
                watch.SetLimit(random.Next(50) == 0 ? 1 : random.NextInt64(most / 20, most));
                Thread.Yield();
            })
            .Run(duration);
        population.CheckAtEnd();
    }
}
