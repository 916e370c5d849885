using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Figures.Figures;

/// <summary>
/// The time of a hit, against MemoryCache and a ConcurrentDictionary in the same process, taking turns.
/// </summary>
internal sealed class Hits : IPartedFigure
{
    private const int Draws = 1 << 20;
    private const int Rounds = 9;

    private static readonly (string Title, int Entries, int Threads)[] s_cases =
    [
        .. from entries in (int[])[10_000, 1_000_000]
           from threads in (int[])[1, 2]
           select ($"{entries:N0} entries, {threads} thread{(threads > 1 ? "s" : "")}", entries, threads),
    ];

    public string Name => "hits";

    public IReadOnlyList<string> Parts => [.. s_cases.Select(static run => run.Title)];

    public string Title =>
        "TryGetValue hit, keys of 24 characters, equal but different instances, Zipf 0.99 "
        + "(medians of 3 processes of 9 rounds)";

    public IEnumerable<Row> Run(IReadOnlyList<string> parts)
    {
        foreach ((string title, int entries, int threads) in s_cases.Where(run => parts.Contains(run.Title)))
        {
            double[] ns = Child.Median(3, () => Child.Measure(Name, $"{entries}", $"{threads}"));
            yield return new(
                title,
                $"BoundedCache {ns[0]:N1} ns, MemoryCache {ns[1]:N1}, ConcurrentDictionary {ns[2]:N1}: "
                    + $"{ns[0] / ns[1]:N2} x and {ns[0] / ns[2]:N2} x",
                "<= 0.55 x MemoryCache, <= 1.00 x ConcurrentDictionary");
            yield return new(
                "    through the span overload; with statistics; MemoryCache with statistics",
                $"{ns[3]:N1}; {ns[4]:N1}; {ns[5]:N1} ns");
        }
    }

    public void Measure(string[] args)
    {
        int entries = int.Parse(args[0], CultureInfo.InvariantCulture);
        int threads = int.Parse(args[1], CultureInfo.InvariantCulture);
        var random = new Random(1);
        object value = new();
        using BoundedMemoryCache bounded = Caches.Bounded();
        using BoundedMemoryCache counting = Caches.Bounded(statistics: true);
        using MemoryCache microsoft = Caches.Microsoft();
        using var microsoftCounting = new MemoryCache(new MemoryCacheOptions { TrackStatistics = true });
        var dictionary = new ConcurrentDictionary<object, object>();
        int[] order = [.. Enumerable.Range(0, entries)];
        random.Shuffle(order);
        foreach (int i in order)
        {
            string key = Caches.Key(i);
            dictionary[key] = value;
            foreach (IMemoryCache cache in (IMemoryCache[])[bounded, counting, microsoft, microsoftCounting])
            {
                cache.Set(key, value);
            }
        }

        // The readers' own instances of the keys, one set a thread, drawn beforehand.
        var zipf = new Zipf(entries, 0.99, random);
        string[][] draws = [.. Enumerable.Range(0, threads).Select(_ =>
        {
            var own = new string[entries];
            return Enumerable.Range(0, Draws).Select(_ => zipf.Next(random))
                .Select(i => own[i] ??= Caches.Key(i)).ToArray();
        })];
        GC.Collect();

        Action<string[]>[] contestants =
        [
            keys => ReadAll(bounded, keys), keys => ReadAll(microsoft, keys), keys => ReadAll(dictionary, keys),
            keys => ReadAllSpans(bounded, keys),
            keys => ReadAll(counting, keys),
            keys => ReadAll(microsoftCounting, keys),
        ];
        var times = new double[contestants.Length][];
        for (int i = 0; i < times.Length; i++)
        {
            times[i] = new double[Rounds + 2];
        }

        // Two rounds to warm up, not counted; within a round everyone runs once, so that noise falls on all alike.
        for (int round = 0; round < Rounds + 2; round++)
        {
            for (int i = 0; i < contestants.Length; i++)
            {
                times[i][round] = TimeOnAll(draws, contestants[i]);
            }
        }

        Child.Answer([.. times.Select(static rounds => Statistics.Median(rounds.Skip(2)))]);
    }

    /// <summary>Nanoseconds per read, each thread reading its own draws at the same time.</summary>
    private static double TimeOnAll(string[][] draws, Action<string[]> read)
    {
        using var start = new Barrier(draws.Length);
        var times = new double[draws.Length];
        Thread[] threads = [.. draws.Select((keys, i) => new Thread(() =>
        {
            start.SignalAndWait();
            long started = Stopwatch.GetTimestamp();
            read(keys);
            times[i] = Stopwatch.GetElapsedTime(started).TotalNanoseconds / keys.Length;
        }))];
        Array.ForEach(threads, static thread => thread.Start());
        Array.ForEach(threads, static thread => thread.Join());
        return times.Average();
    }

    private static void ReadAll(IMemoryCache cache, string[] keys)
    {
        foreach (string key in keys)
        {
            if (!cache.TryGetValue(key, out _))
            {
                throw new InvalidOperationException($"{key} is missing.");
            }
        }
    }

    private static void ReadAllSpans(BoundedMemoryCache cache, string[] keys)
    {
        foreach (string key in keys)
        {
            if (!cache.TryGetValue(key.AsSpan(), out _))
            {
                throw new InvalidOperationException($"{key} is missing.");
            }
        }
    }

    private static void ReadAll(ConcurrentDictionary<object, object> cache, string[] keys)
    {
        foreach (string key in keys)
        {
            if (!cache.TryGetValue(key, out _))
            {
                throw new InvalidOperationException($"{key} is missing.");
            }
        }
    }
}
