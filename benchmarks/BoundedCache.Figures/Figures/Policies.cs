using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using BitFaster.Caching.Lfu;
using BitFaster.Caching.Lru;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Figures.Figures;

/// <summary>
/// Both policies beside MemoryCache, a ConcurrentDictionary and BitFaster.Caching, which is limited by count: hits, and
/// read-through where all hold as many entries.
/// </summary>
internal sealed class Policies : IPartedFigure
{
    private const int Rounds = 5;
    private const int HitDraws = 1 << 20;
    private const int MixDraws = 1 << 20;

    private static readonly string[] s_hitNames =
    [
        "ScanResistant", "LRU", "ConcurrentDictionary", "MemoryCache", "FastConcurrentLru", "ConcurrentLru",
        "ConcurrentLfu", "ScanResistant with a deadline", "LRU with a deadline",
    ];

    private static readonly string[] s_mixNames =
        ["ScanResistant", "LRU", "FastConcurrentLru", "ConcurrentLru", "ConcurrentLfu"];

    private static readonly (string Title, string Kind, int Entries, int Threads)[] s_cases =
    [
        .. from entries in (int[])[10_000, 1_000_000]
           from threads in (int[])[1, 2]
           select (Describe("hits", entries, threads), "hits", entries, threads),
        .. from entries in (int[])[20_000, 200_000]
           from threads in (int[])[1, 2]
           select (Describe("read-through, half capacity", entries, threads), "mix", entries, threads),
        ("evicting 900k of 1M", "evict", 1_000_000, 1),
    ];

    public string Name => "policies";

    public string Title =>
        "both policies beside others in one process, taking turns; keys of 24 characters, equal but different "
        + $"instances, Zipf 0.99 (medians of {Rounds})";

    public IReadOnlyList<string> Parts => [.. s_cases.Select(static run => run.Title)];

    public IEnumerable<Row> Run(IReadOnlyList<string> parts)
    {
        foreach ((string title, string kind, int entries, int threads) in
            s_cases.Where(run => parts.Contains(run.Title)))
        {
            double[] answer = Child.Measure(Name, kind, $"{entries}", $"{threads}");
            string[] names = kind == "evict" ? ["ScanResistant", "LRU"] : kind == "hits" ? s_hitNames : s_mixNames;
            for (int i = 0; i < names.Length; i++)
            {
                string unit = kind == "evict" ? "ms" : "ns";
                string hitRatio = kind == "mix" ? $"; hit ratio {answer[names.Length + i]:P2}" : "";
                yield return new(
                    i == 0 ? title : "",
                    $"{names[i]} {answer[i]:N1} {unit}, ScanResistant {answer[0] / answer[i]:N2} x of it{hitRatio}",
                    PolicyBar.Judge(kind, entries, threads, names[i], names, answer));
            }
        }
    }

    public void Measure(string[] args)
    {
        int entries = int.Parse(args[1], CultureInfo.InvariantCulture);
        int threads = int.Parse(args[2], CultureInfo.InvariantCulture);
        if (args[0] == "evict")
        {
            Child.Answer(
                Evict(EvictionPolicy.ScanResistant, entries), Evict(EvictionPolicy.LeastRecentlyUsed, entries));
        }
        else if (args[0] == "hits")
        {
            MeasureHits(entries, threads);
        }
        else
        {
            MeasureMix(entries, threads);
        }
    }

    private static string Describe(string kind, int entries, int threads) =>
        $"{kind}, {entries:N0} {(kind == "hits" ? "entries" : "keys")}, {threads} thread{(threads > 1 ? "s" : "")}";

    private static BoundedMemoryCache Make(EvictionPolicy policy, long limit, EntrySizing sizing) =>
        new(new BoundedMemoryCacheOptions
        {
            MaxMemory = limit,
            Sizing = sizing,
            EvictionPolicy = policy,
            ReleaseMode = ReleaseMode.None,
            PacingShare = 0,
        });

    private static void MeasureHits(int entries, int threads)
    {
        BoundedMemoryCache[] bounded =
        [
            .. from deadline in (bool[])[false, true]
               from policy in (EvictionPolicy[])[EvictionPolicy.ScanResistant, EvictionPolicy.LeastRecentlyUsed]
               select Make(policy, long.MaxValue, EntrySizing.Measured),
        ];
        using MemoryCache microsoft = Caches.Microsoft();
        var dictionary = new ConcurrentDictionary<object, object>();
        var fast = new FastConcurrentLru<string, object>(2, 2 * entries, EqualityComparer<string>.Default);
        var lru = new ConcurrentLru<string, object>(2, 2 * entries, EqualityComparer<string>.Default);
        var lfu = new ConcurrentLfu<string, object>(2 * entries);
        object value = new();
        int[] order = [.. Enumerable.Range(0, entries)];
        new Random(1).Shuffle(order);
        foreach (int i in order)
        {
            string key = Caches.Key(i);
            dictionary[key] = value;
            microsoft.Set(key, value);
            fast.AddOrUpdate(key, value);
            lru.AddOrUpdate(key, value);
            lfu.AddOrUpdate(key, value);
            for (int j = 0; j < bounded.Length; j++)
            {
                bounded[j].Set(
                    key,
                    value,
                    new MemoryCacheEntryOptions
                    {
                        AbsoluteExpirationRelativeToNow = j < 2 ? null : TimeSpan.FromDays(1),
                    });
            }
        }

        string[][] draws = Draw(DrawnBy(entries), threads, HitDraws, seed: 2);
        GC.Collect();
        Func<string[], long>[] contestants =
        [
            keys => Read(bounded[0], keys), keys => Read(bounded[1], keys), keys => Read(dictionary, keys),
            keys => Read(microsoft, keys), keys => Read(fast, keys), keys => Read(lru, keys), keys => Read(lfu, keys),
            keys => Read(bounded[2], keys), keys => Read(bounded[3], keys),
        ];
        Child.Answer(Compete(_ => draws, contestants, out _));
        Array.ForEach(bounded, static cache => cache.Dispose());
    }

    private static void MeasureMix(int keys, int threads)
    {
        int capacity = keys / 2;
        using BoundedMemoryCache scanResistant = Make(EvictionPolicy.ScanResistant, capacity, EntrySizing.Declared);
        using BoundedMemoryCache leastRecent = Make(EvictionPolicy.LeastRecentlyUsed, capacity, EntrySizing.Declared);
        var fast = new FastConcurrentLru<string, object>(2, capacity, EqualityComparer<string>.Default);
        var lru = new ConcurrentLru<string, object>(2, capacity, EqualityComparer<string>.Default);
        var lfu = new ConcurrentLfu<string, object>(capacity);
        Func<string[], long>[] contestants =
        [
            own => ReadThrough(scanResistant, own), own => ReadThrough(leastRecent, own),
            own => ReadThrough(fast, own), own => ReadThrough(lru, own), own => ReadThrough(lfu, own),
        ];
        Zipf zipf = DrawnBy(keys);

        // Each round has new requests, so that no cache has seen them. All caches get the same ones.
        double[] times = Compete(
            round => Draw(zipf, threads, MixDraws, seed: 2 + round), contestants, out double[] hitRatios);
        Child.Answer([.. times, .. hitRatios]);
    }

    private static double Evict(EvictionPolicy policy, int entries) => Statistics.Median(
        Enumerable.Range(0, Rounds).Select(_ =>
        {
            using BoundedMemoryCache cache = Make(policy, long.MaxValue, EntrySizing.Declared);
            Caches.Fill(cache, entries, 16);
            for (int i = 0; i < entries; i += 3)
            {
                cache.TryGetValue(Caches.Key(i), out object? _);
            }

            GC.Collect();
            long started = Stopwatch.GetTimestamp();
            cache.MaxMemory = cache.UsedMemory / 10;
            return Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        }));

    private static Zipf DrawnBy(int keys) => new(keys, 0.99, new Random(1));

    private static string[][] Draw(Zipf zipf, int threads, int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, threads).Select(_ =>
        {
            var own = new Dictionary<int, string>();
            return Enumerable.Range(0, count).Select(_ => zipf.Next(random))
                .Select(i => own.TryGetValue(i, out string? key) ? key : own[i] = Caches.Key(i)).ToArray();
        })];
    }

    /// <summary>
    /// Nanoseconds a request for each contestant, and the hits of all requests, after two rounds to warm up.
    /// </summary>
    private static double[] Compete(
        Func<int, string[][]> draw, Func<string[], long>[] contestants, out double[] hitRatios)
    {
        double[][] times = [.. contestants.Select(static _ => new double[Rounds + 2])];
        long[] hits = new long[contestants.Length];
        double all = 0;
        for (int round = 0; round < Rounds + 2; round++)
        {
            string[][] draws = draw(round);
            bool counts = round >= 2;
            all += counts ? draws.Sum(static own => (long)own.Length) : 0;
            for (int i = 0; i < contestants.Length; i++)
            {
                (times[i][round], long found) = TimeOnAll(draws, contestants[i]);
                hits[i] += counts ? found : 0;
            }
        }

        hitRatios = [.. hits.Select(count => count / all)];
        return [.. times.Select(static rounds => Statistics.Median(rounds.Skip(2)))];
    }

    private static (double Time, long Hits) TimeOnAll(string[][] draws, Func<string[], long> read)
    {
        using var start = new Barrier(draws.Length);
        double[] times = new double[draws.Length];
        long hits = 0;
        Thread[] threads = [.. draws.Select((keys, i) => new Thread(() =>
        {
            start.SignalAndWait();
            long started = Stopwatch.GetTimestamp();
            long own = read(keys);
            times[i] = Stopwatch.GetElapsedTime(started).TotalNanoseconds / keys.Length;
            Interlocked.Add(ref hits, own);
        }))];
        Array.ForEach(threads, static thread => thread.Start());
        Array.ForEach(threads, static thread => thread.Join());
        return (times.Average(), hits);
    }

    private static long Read(IMemoryCache cache, string[] keys)
    {
        long hits = 0;
        foreach (string key in keys)
        {
            hits += cache.TryGetValue(key, out _) ? 1 : 0;
        }

        return AllOf(hits, keys);
    }

    private static long Read(ConcurrentDictionary<object, object> cache, string[] keys)
    {
        long hits = 0;
        foreach (string key in keys)
        {
            hits += cache.TryGetValue(key, out _) ? 1 : 0;
        }

        return AllOf(hits, keys);
    }

    private static long Read(FastConcurrentLru<string, object> cache, string[] keys)
    {
        long hits = 0;
        foreach (string key in keys)
        {
            hits += cache.TryGet(key, out _) ? 1 : 0;
        }

        return AllOf(hits, keys);
    }

    private static long Read(ConcurrentLru<string, object> cache, string[] keys)
    {
        long hits = 0;
        foreach (string key in keys)
        {
            hits += cache.TryGet(key, out _) ? 1 : 0;
        }

        return AllOf(hits, keys);
    }

    private static long Read(ConcurrentLfu<string, object> cache, string[] keys)
    {
        long hits = 0;
        foreach (string key in keys)
        {
            hits += cache.TryGet(key, out _) ? 1 : 0;
        }

        return hits;
    }

    private static long AllOf(long hits, string[] keys) => hits == keys.Length
        ? hits
        : throw new InvalidOperationException($"Expected {keys.Length} hits, got {hits}.");

    private static long ReadThrough(BoundedMemoryCache cache, string[] keys)
    {
        long hits = 0;
        object value = new();
        var options = new MemoryCacheEntryOptions { Size = 1 };
        foreach (string key in keys)
        {
            if (cache.TryGetValue(key, out object? _))
            {
                hits++;
            }
            else
            {
                cache.Set(key, value, options);
            }
        }

        return hits;
    }

    private static long ReadThrough(BitFaster.Caching.ICache<string, object> cache, string[] keys)
    {
        long hits = 0;
        object value = new();
        foreach (string key in keys)
        {
            if (cache.TryGet(key, out _))
            {
                hits++;
            }
            else
            {
                cache.AddOrUpdate(key, value);
            }
        }

        return hits;
    }
}
