using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using BoundedCache.Tests.Sizing;
using BoundedCache.TestSupport;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Primitives;

namespace BoundedCache.Tests.Hosting;

/// <summary>Thousands of caches, two a container, with everything that could outlive them: nothing does.</summary>
[Collection(HeapTests.Name)]
public sealed class LeakTests
{
    private const int Containers = 5_000;

    /// <summary>
    /// Fewer: .NET keeps the meters of a container that nobody disposes, 8 KB each, and that slows all collections of
    /// the tests that follow.
    /// </summary>
    private const int DroppedContainers = 1_000;

    private readonly IConfigurationRoot _root = new ConfigurationBuilder()
        .AddInMemoryCollection([new("Cache:MaxMemory", "1MB"), new("Cache:TrackStatistics", "true")]).Build();
    private readonly ManualTimeProvider _time = new();
    private readonly CancellationTokenSource _token = new();

    [Fact]
    public void Disposed_containers_leave_nothing_behind()
    {
        var section = new CountingSection(_root.GetSection("Cache"));
        long timers = Timer.ActiveCount;
        int instruments = CountInstruments();
        int threads = ThreadPool.ThreadCount;

        WeakReference[] references = Use(section, Containers, static provider => provider.Dispose());

        Assert.Equal(0, section.Listeners);
        Assert.Equal(0, _time.ActiveTimers);
        Assert.Equal(instruments, CountInstruments());
        Assert.True(
            Eventually.Dead(references),
            $"{references.Count(static reference => reference.IsAlive)} of "
                + $"{references.Length} objects are still alive");
        Assert.InRange(Timer.ActiveCount, 0, timers + 10); // Other libraries' own, one or two.
        ThreadPool.GetMinThreads(out int least, out _);
        Assert.InRange(ThreadPool.ThreadCount, 0, Math.Max(threads, least) + 10);
        GC.KeepAlive(_root);
        GC.KeepAlive(_token);
    }

    [Fact]
    public void Containers_dropped_without_disposal_are_collected_and_the_rest_goes_with_the_next_tick()
    {
        var section = new CountingSection(_root.GetSection("Cache"));

        WeakReference[] references = Use(section, DroppedContainers, static _ => { });
        Assert.True(
            Eventually.Dead(references),
            $"{references.Count(static reference => reference.IsAlive)} of "
                + $"{references.Length} objects are still alive");

        _root.Reload();
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(0, section.Listeners);
        Assert.Equal(0, _time.ActiveTimers);
        GC.KeepAlive(_token);
    }

    [Fact]
    public void A_disposed_cache_that_somebody_holds_keeps_no_container()
    {
        BoundedMemoryCache held = UseOne(out WeakReference provider, out WeakReference service);

        Assert.True(Eventually.Dead(provider, service), "the container is still alive");
        GC.KeepAlive(held);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private WeakReference[] Use(CountingSection section, int containers, Action<ServiceProvider> end)
    {
        var references = new List<WeakReference>();
        for (int i = 0; i < containers; i++)
        {
            ServiceProvider provider = Build(section, i);
            BoundedMemoryCache cache = provider.GetRequiredService<BoundedMemoryCache>();
            BoundedMemoryCache pages = provider.GetRequiredKeyedService<BoundedMemoryCache>("pages");
            cache.Set("expiring", i, TimeSpan.FromHours(1));
            cache.Set("token", i, new CancellationChangeToken(_token.Token));
            pages.Set(
                "sliding", new byte[100], new MemoryCacheEntryOptions { SlidingExpiration = TimeSpan.FromHours(1) });
            references.AddRange([new(provider), new(cache), new(pages), new(cache.Engine)]);
            if (i % 1000 == 0)
            {
                _root.Reload();
                Assert.True(_time.ActiveTimers > 0);
            }

            end(provider);
        }

        return [.. references];
    }

    /// <summary>Every tenth keyed cache uses the system's clock; a test cannot move its timers.</summary>
    private ServiceProvider Build(IConfigurationSection section, int number) => new ServiceCollection()
        .AddMetrics()
        .AddBoundedMemoryCache(section, options => options.TimeProvider = _time)
        .AddKeyedBoundedMemoryCache(
            "pages", section, options => options.TimeProvider = number % 10 == 0 ? options.TimeProvider : _time)
        .BuildServiceProvider();

    [MethodImpl(MethodImplOptions.NoInlining)]
    private BoundedMemoryCache UseOne(out WeakReference provider, out WeakReference service)
    {
        ServiceProvider container = new ServiceCollection()
            .AddSingleton<object>()
            .AddBoundedMemoryCache(_root.GetSection("Cache"))
            .AddOptions<BoundedMemoryCacheOptions>()
            .Configure<object>(static (options, _) => options.TrackStatistics = false)
            .Services.BuildServiceProvider();
        BoundedMemoryCache cache = container.GetRequiredService<BoundedMemoryCache>();
        provider = new WeakReference(container);
        service = new WeakReference(container.GetRequiredService<object>());
        container.Dispose();
        return cache;
    }

    /// <summary>Instruments of the library's meters that exist in the process.</summary>
    private static int CountInstruments()
    {
        int count = 0;
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, _) => count += instrument.Meter.Name == "BoundedCache" ? 1 : 0,
        };
        listener.Start();
        return count;
    }
}
