using BoundedCache.TestSupport;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Tests.Concurrency;

/// <summary>
/// Each policy for long, by its name: reads, writes, resizes, removals, remeasuring and expirations by the system's
/// clock. One cache lives through all rounds, so that what builds up in it is seen; after each round the invariants are
/// checked.
/// </summary>
[Collection(StressTests.Name)]
public class PolicySoakTests
{
    private const int KeyCount = 12_000;
    private const int Writers = 2;
    private const long Most = KeyCount * 300L;

    /// <summary>Nothing that expires lives longer.</summary>
    private static readonly TimeSpan s_longest = TimeSpan.FromSeconds(2);

    [Theory]
    [InlineData(EvictionPolicy.LeastRecentlyUsed)]
    [InlineData(EvictionPolicy.ScanResistant)]
    public void Reads_writes_resizes_and_expirations_leave_the_invariants(EvictionPolicy policy) =>
        Run(policy, rounds: 4, TimeSpan.FromSeconds(0.5));

    [SoakTheory]
    [Trait("Category", "Soak")]
    [InlineData(EvictionPolicy.LeastRecentlyUsed)]
    [InlineData(EvictionPolicy.ScanResistant)]
    public void Reads_writes_resizes_and_expirations_leave_the_invariants_for_long(EvictionPolicy policy)
    {
        var round = TimeSpan.FromSeconds(5);
        Run(policy, (int)Math.Ceiling(Soak.Duration!.Value / round), round);
    }

    private static void Run(EvictionPolicy policy, int rounds, TimeSpan duration)
    {
        using var cache = new BoundedMemoryCache(new BoundedMemoryCacheOptions
        {
            MaxMemory = Most,
            Sizing = EntrySizing.Declared,
            EvictionPolicy = policy,
            ReleaseMode = ReleaseMode.None,
            ExpirationScanFrequency = TimeSpan.FromSeconds(0.5),
        });
        var population = new Population(cache, KeyKind.Mixed, KeyCount, Writers);
        var watch = new LimitWatch(cache);
        for (int round = 0; round < rounds; round++)
        {
            RunRound(cache, population, watch, duration);
            population.CheckInPause();
        }

        // What is found at the end must not expire while it is compared with what was reported.
        Thread.Sleep(s_longest);
        population.CheckAtEnd();
    }

    private static void RunRound(
        BoundedMemoryCache cache, Population population, LimitWatch watch, TimeSpan duration) =>
        new Crowd()
            .Add("reader", 2, _ =>
            {
                long[] seen = new long[KeyCount];
                var time = new PassedTime();
                LimitWatch.Look look = watch.NewLook();
                return random =>
                {
                    long passed = time.Read();
                    Stamped? value = population.Read(random, seen);
                    Assert.True(value is null || value.Deadline > passed, $"{value} was expired and was found");
                    look.Check();
                };
            })
            .Add("writer", Writers, writer => random =>
            {
                if (random.Next(3) == 0)
                {
                    population.GetOrCreate(writer, random, (entry, value) => GiveDeadline(entry, value, random));
                }
                else
                {
                    population.Write(writer, random, (entry, value) => GiveDeadline(entry, value, random));
                }
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
            .Add("measurer", population.Remeasure)
            .Add("resizer", random =>
            {
                watch.SetLimit(random.Next(50) == 0 ? 1 : random.NextInt64(Most / 20, Most));
                Thread.Yield();
            })
            .Run(duration);

    private static void GiveDeadline(ICacheEntry entry, Stamped value, Random random)
    {
        if (random.Next(2) == 0)
        {
            DateTimeOffset deadline =
                DateTimeOffset.UtcNow + TimeSpan.FromMilliseconds(random.Next(50, (int)s_longest.TotalMilliseconds));
            entry.AbsoluteExpiration = deadline;
            value.Deadline = deadline.UtcTicks;
        }
    }
}
