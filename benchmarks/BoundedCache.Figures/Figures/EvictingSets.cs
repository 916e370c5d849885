using System.Diagnostics;
using BitFaster.Caching.Lfu;
using BitFaster.Caching.Lru;
using BitFaster.Caching.Scheduler;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Figures.Figures;

/// <summary>
/// A set of a new key with a new value of 1 KiB into a full cache that measures: both policies without pacing and with
/// it, MemoryCache, and BitFaster's caches, which are limited by count. Making keys and values is not timed;
/// collections and pacing's waits that fall into sets are.
/// </summary>
internal sealed class EvictingSets : IFigure
{
    private const int Entries = 20_000;
    private const int Rounds = 5;
    private const int SetsPerRound = 64_000;

    /// <summary>Sets that are timed together, and then looked for.</summary>
    private const int Batch = 64;

    private static readonly string[] s_names =
    [
        "LRU, PacingShare 0", "ScanResistant, PacingShare 0", "LRU, paced", "ScanResistant, paced",
        "MemoryCache (size 1 declared)", "FastConcurrentLru (limited by count)", "ConcurrentLru (limited by count)",
        "ConcurrentLfu (limited by count)",
    ];

    private static readonly int s_microsoft = Array.FindIndex(
        s_names, static name => name.StartsWith("MemoryCache", StringComparison.Ordinal));

    private static readonly int s_fast = Array.FindIndex(
        s_names, static name => name.StartsWith("FastConcurrentLru", StringComparison.Ordinal));

    public string Name => "evicting-sets";

    public string Title =>
        $"a set that evicts, 1 KiB, measured, {Entries:N0} entries; caches take turns (medians of {Rounds})";

    public IEnumerable<Row> Run()
    {
        double[] answer = Child.Measure(Name);
        for (int i = 0; i < s_names.Length; i++)
        {
            double ns = answer[2 * i];
            yield return new(
                s_names[i],
                $"{ns:N0} ns a stored set, {ns / answer[2 * s_microsoft]:N2} x MemoryCache, "
                    + $"{ns / answer[2 * s_fast]:N2} x FastConcurrentLru; {answer[(2 * i) + 1]:P1} stored",
                i < 2 ? "<= 0.80 x the same before the policies (another commit)" : "");
        }
    }

    public void Measure(string[] args)
    {
        using BoundedMemoryCache lru = Make(EvictionPolicy.LeastRecentlyUsed, isPaced: false);
        using BoundedMemoryCache scanResistant = Make(EvictionPolicy.ScanResistant, isPaced: false);
        using BoundedMemoryCache lruPaced = Make(EvictionPolicy.LeastRecentlyUsed, isPaced: true);
        using BoundedMemoryCache scanResistantPaced = Make(EvictionPolicy.ScanResistant, isPaced: true);
        using MemoryCache microsoft = Caches.Microsoft(Entries);
        var fast = new FastConcurrentLru<string, object>(
            Environment.ProcessorCount, Entries, EqualityComparer<string>.Default);
        var concurrent = new ConcurrentLru<string, object>(
            Environment.ProcessorCount, Entries, EqualityComparer<string>.Default);
        var frequent = new ConcurrentLfu<string, object>(
            Environment.ProcessorCount, Entries, new ForegroundScheduler(), EqualityComparer<string>.Default);
        Contestant[] contestants =
        [
            Of(lru), Of(scanResistant), Of(lruPaced), Of(scanResistantPaced),
            new(
                (key, value) => microsoft.Set(key, value, new MemoryCacheEntryOptions { Size = 1 }),
                key => microsoft.TryGetValue(key, out _)),
            new(fast.AddOrUpdate, key => fast.TryGet(key, out _)),
            new(concurrent.AddOrUpdate, key => concurrent.TryGet(key, out _)),
            new(frequent.AddOrUpdate, key => frequent.TryGet(key, out _)),
        ];
        var times = contestants.Select(static _ => new List<double>()).ToArray();
        var shares = contestants.Select(static _ => new List<double>()).ToArray();

        // The first round fills the caches, the second warms up.
        for (int round = 0; round < Rounds + 2; round++)
        {
            for (int i = 0; i < contestants.Length; i++)
            {
                (long ticks, int stored) = SetMany(contestants[i], round * SetsPerRound);
                times[i].Add(ticks * 1e9 / Stopwatch.Frequency / Math.Max(1, stored));
                shares[i].Add(stored / (double)SetsPerRound);
            }
        }

        Child.Answer([.. contestants.SelectMany(
            (_, i) => new[] { Statistics.Median(times[i].Skip(2)), Statistics.Median(shares[i].Skip(2)) })]);
    }

    /// <summary>A cache whose limit has room for so many entries.</summary>
    private static BoundedMemoryCache Make(EvictionPolicy policy, bool isPaced)
    {
        var options = new BoundedMemoryCacheOptions { EvictionPolicy = policy, ReleaseMode = ReleaseMode.None };
        options.PacingShare = isPaced ? options.PacingShare : 0;
        var cache = new BoundedMemoryCache(options);
        for (int i = 0; i < Entries; i++)
        {
            cache.Set($"fill {i:D19}", new byte[1024]);
        }

        cache.MaxMemory = cache.UsedMemory;
        return cache;
    }

    private static Contestant Of(BoundedMemoryCache cache) =>
        new((key, value) => cache.Set(key, value), key => cache.TryGetValue(key, out object? _));

    private static (long Ticks, int Stored) SetMany(Contestant cache, int first)
    {
        var batch = new (string Key, byte[] Value)[Batch];
        (long ticks, int stored) = (0, 0);
        for (int done = 0; done < SetsPerRound; done += Batch)
        {
            for (int i = 0; i < Batch; i++)
            {
                batch[i] = (Caches.Key(first + done + i), new byte[1024]);
            }

            long started = Stopwatch.GetTimestamp();
            foreach ((string key, byte[] value) in batch)
            {
                cache.Set(key, value);
            }

            ticks += Stopwatch.GetTimestamp() - started;
            stored += batch.Count(entry => cache.Has(entry.Key));
        }

        return (ticks, stored);
    }

    private sealed record Contestant(Action<string, object> Set, Func<string, bool> Has);
}
