using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Caching.Hybrid;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.DependencyInjection;
using ZiggyCreatures.Caching.Fusion;

namespace BoundedCache.Figures.Figures;

/// <summary>
/// What users of FusionCache and HybridCache really call: a hit of their first level, over MemoryCache and over a
/// bounded cache, taking turns in one process.
/// </summary>
internal sealed class Libraries : IFigure
{
    private const int Entries = 10_000;
    private const int Draws = 1 << 18;
    private const int Rounds = 9;
    private const int WarmUp = 4;

    private static readonly string[] s_contestants =
    [
        "TryGetValue, MemoryCache", "TryGetValue, BoundedCache", "TryGetValue, BoundedCache, scan-resistant",
        "FusionCache.TryGet over MemoryCache", "FusionCache.TryGet over BoundedCache",
        "HybridCache.GetOrCreateAsync over MemoryCache", "HybridCache.GetOrCreateAsync over BoundedCache",
    ];

    public string Name => "libraries";

    public string Title =>
        $"a hit through the library, {Entries:N0} entries, Zipf 0.99, one thread "
        + $"(medians of 3 processes of {Rounds} rounds)";

    public IEnumerable<Row> Run()
    {
        double[] ns = Child.Median(3, () => Child.Measure(Name));
        for (int i = 0; i < ns.Length; i++)
        {
            // Each library over MemoryCache is the measure of itself over others.
            int beside = i < 3 ? 0 : i < 5 ? 3 : 5;
            yield return new(
                s_contestants[i],
                string.Create(CultureInfo.InvariantCulture, $"{ns[i]:N1} ns, {ns[i] / ns[beside]:N2} x"));
        }
    }

    public void Measure(string[] args)
    {
        using MemoryCache microsoft = Caches.Microsoft();
        using BoundedMemoryCache bounded = Caches.Bounded();
        using var scanResistant = new BoundedMemoryCache(new BoundedMemoryCacheOptions
        {
            MaxMemory = long.MaxValue,
            ReleaseMode = ReleaseMode.None,
            EvictionPolicy = EvictionPolicy.ScanResistant,
        });
        using MemoryCache underFusion = Caches.Microsoft();
        using BoundedMemoryCache boundedUnderFusion = Caches.Bounded();
        using var fusion = new FusionCache(new FusionCacheOptions(), underFusion);
        using var boundedFusion = new FusionCache(new FusionCacheOptions(), boundedUnderFusion);
        using ServiceProvider hybridServices = Hybrid(static services => services.AddMemoryCache());
        using ServiceProvider boundedHybridServices = Hybrid(static services =>
            services.AddBoundedMemoryCache(static options => options.MaxMemory = long.MaxValue));
        HybridCache hybrid = hybridServices.GetRequiredService<HybridCache>();
        HybridCache boundedHybrid = boundedHybridServices.GetRequiredService<HybridCache>();

        string value = new('v', 10);
        for (int i = 0; i < Entries; i++)
        {
            string key = Caches.Key(i);
            microsoft.Set(key, value);
            ((IMemoryCache)bounded).Set(key, value);
            ((IMemoryCache)scanResistant).Set(key, value);
            fusion.Set(key, value);
            boundedFusion.Set(key, value);
            Wait(hybrid.SetAsync(key, value));
            Wait(boundedHybrid.SetAsync(key, value));
        }

        var random = new Random(1);
        var zipf = new Zipf(Entries, 0.99, random);
        string[] own = [.. Enumerable.Range(0, Entries).Select(Caches.Key)];
        string[] draws = [.. Enumerable.Range(0, Draws).Select(_ => own[zipf.Next(random)])];
        Action[] contestants =
        [
            () => ReadAll(microsoft, draws), () => ReadAll(bounded, draws), () => ReadAll(scanResistant, draws),
            () => ReadAll(fusion, draws), () => ReadAll(boundedFusion, draws),
            () => ReadAll(hybrid, draws), () => ReadAll(boundedHybrid, draws),
        ];
        double[][] times = [.. contestants.Select(static _ => new double[WarmUp + Rounds])];
        for (int round = 0; round < WarmUp + Rounds; round++)
        {
            for (int turn = 0; turn < contestants.Length; turn++)
            {
                int i = (round + turn) % contestants.Length;
                long started = Stopwatch.GetTimestamp();
                contestants[i]();
                times[i][round] = Stopwatch.GetElapsedTime(started).TotalNanoseconds / Draws;
            }
        }

        Child.Answer([.. times.Select(static rounds => Statistics.Median(rounds.Skip(WarmUp)))]);
    }

    private static ServiceProvider Hybrid(Action<IServiceCollection> addFirstLevel)
    {
        var services = new ServiceCollection();
        addFirstLevel(services);
        services.AddHybridCache();
        return services.BuildServiceProvider();
    }

    private static void ReadAll(IMemoryCache cache, string[] keys)
    {
        foreach (string key in keys)
        {
            Found(cache.TryGetValue(key, out _), key);
        }
    }

    private static void ReadAll(FusionCache cache, string[] keys)
    {
        foreach (string key in keys)
        {
            Found(cache.TryGet<string>(key).HasValue, key);
        }
    }

    private static void ReadAll(HybridCache cache, string[] keys)
    {
        foreach (string key in keys)
        {
            ValueTask<string> value = cache.GetOrCreateAsync<string>(
                key, static _ => throw new InvalidOperationException("An entry is missing."));
            Found(value.IsCompletedSuccessfully && value.Result.Length > 0, key);
        }
    }

    private static void Found(bool isFound, string key)
    {
        if (!isFound)
        {
            throw new InvalidOperationException($"{key} is missing.");
        }
    }

    private static void Wait(ValueTask task) => task.AsTask().GetAwaiter().GetResult();
}
