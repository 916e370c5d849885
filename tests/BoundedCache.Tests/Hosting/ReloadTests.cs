using BoundedCache.Diagnostics;
using BoundedCache.Hosting;
using BoundedCache.TestSupport;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace BoundedCache.Tests.Hosting;

/// <summary>A changed configuration and a running cache.</summary>
public sealed class ReloadTests
{
    [Theory]
    [InlineData("2000", 2000)]
    [InlineData("1KB", 1024)]
    [InlineData("10", 10)]
    public void A_changed_limit_is_applied(string configured, long bytes)
    {
        using var service = new ServiceUnderTest("1000");
        BoundedMemoryCache cache = service.Cache;
        service.Reload(("MaxMemory", configured));

        Assert.Equal(bytes, cache.MaxMemory);
        Assert.Contains(
            $"default: Cache:MaxMemory has changed; the limit goes from 1000 to {bytes} bytes", service.Log.Messages);
    }

    [Fact]
    public void A_changed_share_is_applied()
    {
        using var service = new ServiceUnderTest("25%");
        long quarter = service.Cache.MaxMemory;
        service.Reload(("MaxMemory", "50%"));

        Assert.InRange(service.Cache.MaxMemory, 2 * quarter, (2 * quarter) + 2);
    }

    [Fact]
    public void A_lowered_limit_evicts()
    {
        using var service = new ServiceUnderTest("1MB");
        for (int i = 0; i < 100; i++)
        {
            service.Cache.Set(i, new byte[1000]);
        }

        service.Reload(("MaxMemory", "10KB"));

        // The limit takes effect at once; eviction continues elsewhere.
        Assert.Equal(10 << 10, service.Cache.MaxMemory);
        Assert.True(SpinWait.SpinUntil(() => service.Log.Events.Contains("Shrunk"), TimeSpan.FromSeconds(30)));
        Assert.InRange(service.Cache.UsedMemory, 1, 10 << 10);
    }

    [Fact]
    public void Nothing_happens_on_the_thread_that_reloads()
    {
        using var service = new ServiceUnderTest("1000");
        BoundedMemoryCache cache = service.Cache;
        service.ChangeOnly(("MaxMemory", "2000"));
        Assert.Equal(1000, cache.MaxMemory);
        Assert.Equal(1, service.Time.ActiveTimers);

        service.Time.Advance(ConfigurationReload.Delay);
        Assert.Equal(2000, cache.MaxMemory);
        Assert.Equal(0, service.Time.ActiveTimers);
    }

    [Fact]
    public void The_release_that_follows_is_waited_for_by_nobody()
    {
        using var service = new ServiceUnderTest("1MB", static options => options.ReleaseMode = ReleaseMode.Full);
        using var gate = new ManualResetEventSlim();
        service.Cache.Set(
            "key",
            new byte[1000],
            new MemoryCacheEntryOptions().RegisterPostEvictionCallback((_, _, _, _) => gate.Wait()));

        // A release waits for eviction callbacks before it collects, so it cannot have ended yet.
        service.Reload(("MaxMemory", "10"));
        bool hasEnded = service.Log.Events.Contains("Shrunk");
        gate.Set();

        Assert.False(hasEnded);
        Assert.Equal(10, service.Cache.MaxMemory);
        Assert.True(SpinWait.SpinUntil(() => service.Log.Events.Contains("Shrunk"), TimeSpan.FromSeconds(60)));
    }

    [Fact]
    public void Changes_in_quick_succession_are_one()
    {
        using var service = new ServiceUnderTest("1000");
        BoundedMemoryCache cache = service.Cache;
        for (int i = 1; i <= 100; i++)
        {
            service.ChangeOnly(("MaxMemory", $"{1000 + i}"));
        }

        Assert.Equal(1, service.Time.ActiveTimers);
        service.Time.Advance(ConfigurationReload.Delay);

        Assert.Equal(1100, cache.MaxMemory);
        Assert.Single(service.Log.Events, "LimitReloaded");
    }

    [Fact]
    public void Changes_that_never_cease_are_applied_all_the_same()
    {
        using var service = new ServiceUnderTest("1000");
        BoundedMemoryCache cache = service.Cache;
        for (int i = 1; i <= 20; i++)
        {
            service.ChangeOnly(("MaxMemory", $"{1000 + i}"));
            service.Time.Advance(ConfigurationReload.Delay / 5);
        }

        Assert.Equal(1020, cache.MaxMemory);
        Assert.Equal(4, service.Log.Events.Count(static name => name == "LimitReloaded"));
    }

    [Theory]
    [InlineData("MaxMemory", "lots", "Cache:MaxMemory: expected at least 1 byte, ")]
    [InlineData("MaxMemory", "0%", "Cache:MaxMemory: expected at least 1 byte, ")]
    [InlineData("TrackStatistics", "maybe", "Cache:TrackStatistics: expected true or false, got 'maybe'.")]
    [InlineData("MaxMemroy", "5", "did you mean 'MaxMemory'?")]
    public void What_is_not_allowed_is_refused_and_logged_and_the_limit_stays(
        string setting, string value, string complaint)
    {
        using var service = new ServiceUnderTest("1000");
        BoundedMemoryCache cache = service.Cache;
        service.Reload(("MaxMemory", "2000"), (setting, value));

        Assert.Equal(1000, cache.MaxMemory);
        Assert.Contains(complaint, Assert.Single(service.Log.Messages), StringComparison.Ordinal);
        Assert.StartsWith(
            "default: Cache has changed and is refused; nothing changes, and the limit stays at 1000 bytes. ",
            service.Log.Messages.Single(),
            StringComparison.Ordinal);
    }

    [Fact]
    public void What_a_delegate_makes_of_it_is_checked_too()
    {
        using var service = new ServiceUnderTest("1000", static options => options.MaxMemory -= 500);
        BoundedMemoryCache cache = service.Cache;
        service.Reload(("MaxMemory", "400"));

        Assert.Equal(500, cache.MaxMemory);
        Assert.Contains(
            "expected at least 1 byte, got ", Assert.Single(service.Log.Messages), StringComparison.Ordinal);
    }

    [Fact]
    public void A_delegate_that_throws_harms_nothing()
    {
        bool fails = false;
        using var service = new ServiceUnderTest("1000", _ => Assert.False(fails, "no luck"));
        BoundedMemoryCache cache = service.Cache;
        fails = true;
        service.Reload(("MaxMemory", "2000"));
        Assert.Equal(1000, cache.MaxMemory);
        Assert.Contains("no luck", Assert.Single(service.Log.Messages), StringComparison.Ordinal);

        fails = false;
        service.Reload();
        Assert.Equal(2000, cache.MaxMemory);
    }

    [Fact]
    public void The_same_mistake_is_logged_once_and_again_when_it_was_corrected_meanwhile()
    {
        using var service = new ServiceUnderTest("1000");
        _ = service.Cache;
        service.Reload(("MaxMemory", "lots"));
        service.Reload();
        service.Reload();
        Assert.Equal(["ReloadRefused"], service.Log.Events);

        service.Reload(("MaxMemory", "1000"));
        service.Reload(("MaxMemory", "lots"));
        Assert.Equal(["ReloadRefused", "ReloadRefused"], service.Log.Events);
    }

    [Fact]
    public void After_a_refusal_the_next_good_limit_is_applied()
    {
        using var service = new ServiceUnderTest("1000");
        BoundedMemoryCache cache = service.Cache;
        service.Reload(("MaxMemory", "lots"));
        service.Reload(("MaxMemory", "3000"));

        Assert.Equal(3000, cache.MaxMemory);
    }

    [Fact]
    public void A_limit_set_by_hand_outlives_reloads_that_do_not_change_the_configured_one()
    {
        using var service = new ServiceUnderTest("1KB");
        BoundedMemoryCache cache = service.Cache;
        cache.MaxMemory = 700;

        service.Reload();
        service.Reload(("TrackStatistics", "true"));
        service.Reload(("MaxMemory", "1024"));
        service.Reload(("MaxMemory", "lots"));
        service.Reload(("MaxMemory", null));
        service.Reload(("MaxMemory", "1 KiB"));

        Assert.Equal(700, cache.MaxMemory);
    }

    [Fact]
    public void A_changed_limit_overrides_one_set_by_hand()
    {
        using var service = new ServiceUnderTest("1000");
        service.Cache.MaxMemory = 700;
        service.Reload(("MaxMemory", "2000"));
        Assert.Equal(2000, service.Cache.MaxMemory);

        service.Cache.MaxMemory = 700;
        service.Reload(("MaxMemory", "1000"));
        Assert.Equal(1000, service.Cache.MaxMemory);
    }

    [Fact]
    public void Configuring_what_was_set_by_hand_already_resizes_nothing()
    {
        using var service = new ServiceUnderTest("1000");
        service.Cache.MaxMemory = 700;
        service.Reload(("MaxMemory", "700"));

        Assert.Equal(["Shrunk"], service.Log.Events);
    }

    [Fact]
    public void A_limit_that_code_sets_is_not_undone()
    {
        using var service = new ServiceUnderTest("1000", static options => options.MaxMemory = 700);
        BoundedMemoryCache cache = service.Cache;
        cache.MaxMemory = 800;
        service.Reload(("MaxMemory", "2000"));

        Assert.Equal(800, cache.MaxMemory);
        Assert.Equal(["Raised"], service.Log.Events);
    }

    [Fact]
    public void Code_that_makes_something_else_of_the_same_configured_limit_changes_nothing()
    {
        int factor = 1;
        using var service = new ServiceUnderTest("1000", options => options.MaxMemory *= factor);
        BoundedMemoryCache cache = service.Cache;
        factor = 2;
        service.Reload(("TrackStatistics", "true"));

        Assert.Equal(1000, cache.MaxMemory);
    }

    [Fact]
    public void A_bound_that_code_sets_goes_on_holding()
    {
        using var service = new ServiceUnderTest(
            "1000", static options => options.MaxMemory = Math.Min(options.MaxMemory, 1500));
        BoundedMemoryCache cache = service.Cache;
        service.Reload(("MaxMemory", "2000"));

        Assert.Equal(1500, cache.MaxMemory);
    }

    [Fact]
    public void A_limit_that_is_gone_changes_nothing_and_is_logged_once()
    {
        using var service = new ServiceUnderTest("1000");
        BoundedMemoryCache cache = service.Cache;
        service.Reload(("MaxMemory", null));
        service.Reload();

        Assert.Equal(1000, cache.MaxMemory);
        Assert.Equal(
            ["default: Cache:MaxMemory is gone; nothing changes, and the limit stays at 1000 bytes"],
            service.Log.Messages);

        service.Reload(("MaxMemory", "1001"));
        Assert.Equal(1001, cache.MaxMemory);
    }

    [Fact]
    public void A_limit_that_was_not_configured_at_first_is_applied_when_it_is()
    {
        using var service = new ServiceUnderTest(maxMemory: null);
        BoundedMemoryCache cache = service.Cache;
        service.Reload();
        Assert.Empty(service.Log.Events);

        service.Reload(("MaxMemory", "1000"));
        Assert.Equal(1000, cache.MaxMemory);
    }

    [Fact]
    public void Other_options_that_change_are_logged_once_as_waiting_for_the_next_start()
    {
        using var service = new ServiceUnderTest("1000");
        BoundedMemoryCache cache = service.Cache;
        service.Reload(("TrackStatistics", "true"), ("ExpirationScanFrequency", "00:00:10"), ("MaxMemory", "900"));
        service.Reload();
        service.Reload(("TrackStatistics", "false"));

        Assert.Null(cache.GetCurrentStatistics());
        Assert.Equal(900, cache.MaxMemory);
        Assert.Equal(
            [
                "default: ExpirationScanFrequency, TrackStatistics in Cache changed; "
                    + "that takes effect when the service starts again",
            ],
            service.Log.Messages.Where(static message => message.Contains("start", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_cache_made_after_the_configuration_changed_follows_too()
    {
        using var service = new ServiceUnderTest("1000");
        service.Services.GetRequiredService<Microsoft.Extensions.Options.IStartupValidator>().Validate();
        service.ChangeOnly(("MaxMemory", "2000"));
        BoundedMemoryCache cache = service.Cache;
        Assert.Equal(1000, cache.MaxMemory);

        service.Time.Advance(ConfigurationReload.Delay);
        Assert.Equal(2000, cache.MaxMemory);
    }

    [Fact]
    public void A_cache_made_after_the_configuration_went_bad_has_the_limit_of_the_start()
    {
        using var service = new ServiceUnderTest("1000");
        service.Services.GetRequiredService<Microsoft.Extensions.Options.IStartupValidator>().Validate();
        service.ChangeOnly(("MaxMemory", "lots"));

        Assert.Equal(1000, service.Cache.MaxMemory);
        service.Time.Advance(ConfigurationReload.Delay);
        Assert.Equal(["ReloadRefused"], service.Log.Events);
    }

    [Fact]
    public void Each_keyed_cache_follows_its_own_section()
    {
        IConfigurationRoot configuration = new ConfigurationBuilder()
            .AddInMemoryCollection([new("Caches:Pages:MaxMemory", "1000"), new("Caches:Images:MaxMemory", "2000")])
            .Build();
        var time = new TestSupport.ManualTimeProvider();
        using ServiceProvider provider = new ServiceCollection()
            .AddKeyedBoundedMemoryCache(
                "pages", configuration.GetSection("Caches:Pages"), options => options.TimeProvider = time)
            .AddKeyedBoundedMemoryCache(
                "images", configuration.GetSection("Caches:Images"), options => options.TimeProvider = time)
            .BuildServiceProvider();
        BoundedMemoryCacheRegistry registry = provider.GetRequiredService<BoundedMemoryCacheRegistry>();

        configuration["Caches:Images:MaxMemory"] = "3000";
        configuration.Reload();
        time.Advance(ConfigurationReload.Delay);

        Assert.Equal([1000, 3000], registry.Caches.Select(static cache => cache.MaxMemory));
    }

    [Fact]
    public void A_disposed_cache_no_longer_follows()
    {
        using var service = new ServiceUnderTest("1000");
        BoundedMemoryCache cache = service.Cache;
        service.ChangeOnly(("MaxMemory", "2000"));
        cache.Dispose();
        Assert.Equal(0, service.Time.ActiveTimers);

        service.Reload(("MaxMemory", "3000"));
        Assert.Equal(1000, cache.MaxMemory);
        Assert.Empty(service.Log.Events);
    }

    [Fact]
    public void A_cache_that_is_disposed_while_it_is_resized_harms_nobody()
    {
        BoundedMemoryCache? doomed = null;
        using var service = new ServiceUnderTest("1000", _ => doomed?.Dispose());
        doomed = service.Cache;
        service.Reload(("MaxMemory", "2000"));

        Assert.Equal(1000, doomed.MaxMemory);
        Assert.Empty(service.Log.Events);
    }

    [Fact]
    public void A_change_that_comes_while_the_last_is_looked_at_is_looked_at_afterwards()
    {
        ServiceUnderTest service = null!;
        bool interferes = false;
        int nested = 0;
        int deepest = 0;
        service = new ServiceUnderTest("1000", _ =>
        {
            deepest = Math.Max(deepest, ++nested);
            if (interferes)
            {
                interferes = false;
                service.Reload(("MaxMemory", "3000"));
            }

            nested--;
        });
        using (service)
        {
            BoundedMemoryCache cache = service.Cache;
            interferes = true;
            service.Reload(("MaxMemory", "2000"));

            Assert.Equal(3000, cache.MaxMemory);
            Assert.Equal(1, deepest);
            Assert.Equal(2, service.Log.Events.Count(static name => name == "LimitReloaded"));
        }
    }

    [Fact]
    public void Event_ids_are_stable() => Assert.Equal(
        [
            (20, "LimitReloaded"),
            (21, "ReloadRefused"),
            (22, "RestartNeeded"),
            (23, "MaxMemoryGone"),
            (24, "SectionEmpty"),
            (25, "ReleaseFailed"),
            (26, "KeptTwice"),
        ],
        typeof(Log).GetMethods()
            .SelectMany(static method =>
                method.GetCustomAttributes(typeof(Microsoft.Extensions.Logging.LoggerMessageAttribute), false))
            .Cast<Microsoft.Extensions.Logging.LoggerMessageAttribute>()
            .Where(static message => message.EventId is >= 20 and < 30)
            .Select(static message => (message.EventId, message.EventName!)));

    [Fact]
    public void A_clock_that_makes_no_timer_is_logged_and_the_next_change_is_applied()
    {
        var time = new TimerlessTime();
        using var service = new ServiceUnderTest(configure: options => options.TimeProvider = time);
        BoundedMemoryCache cache = service.Cache;
        time.IsBroken = true;
        service.ChangeOnly(("MaxMemory", "2000"));
        Assert.Equal(1, service.Log.Count("ReloadRefused"));

        time.IsBroken = false;
        service.ChangeOnly(("MaxMemory", "3000"));
        time.Inner.Advance(ConfigurationReload.Delay);

        Assert.Equal(3000, cache.MaxMemory);
    }

    [Fact]
    public void A_limit_that_could_not_be_set_is_set_at_the_next_reload()
    {
        var cache = new RefusingCache { IsRefusing = true };
        IConfigurationRoot configuration = new ConfigurationBuilder()
            .AddInMemoryCollection([new("MaxMemory", "1")])
            .Build();
        var time = new ManualTimeProvider();
        using var log = new RecordingLog();
        AcceptedSettings Read()
        {
            var options = new BoundedByteCacheOptions();
            Assert.Empty(CacheSettings.Read(configuration, options));
            return new AcceptedSettings(options);
        }

        using var reload = new ConfigurationReload(
            cache, configuration, time, Read(), Read, log.CreateLogger("test"));
        reload.Start(configuration, new ConfiguredSource(null, configuration.GetReloadToken()));
        configuration["MaxMemory"] = "2000";
        Reload();
        Assert.Equal(["ReloadRefused"], log.Events);

        cache.IsRefusing = false;
        Reload();

        Assert.Equal(2000, cache.MaxMemory);

        void Reload()
        {
            configuration.Reload();
            time.Advance(ConfigurationReload.Delay);
        }
    }

    private sealed class RefusingCache : IBoundedCache
    {
        public bool IsRefusing { get; set; }

        public string Name => "refusing";

        public long MaxMemory { get; set; } = 1;

        public long EffectiveMaxMemory => MaxMemory;

        public long UsedMemory => 0;

        public int Count => 0;

        public Task<ShrinkReport> SetMaxMemoryAsync(
            long maxMemory, ReleaseMode? releaseMode = null, CancellationToken cancellationToken = default)
        {
            MaxMemory = IsRefusing ? throw new InsufficientMemoryException("Not now.") : maxMemory;
            return Task.FromResult(new ShrinkReport());
        }

        public Task<ShrinkReport> ReleaseAsync(
            ReleaseMode? releaseMode = null, CancellationToken cancellationToken = default) =>
            throw new NotSupportedException();

        public CacheSnapshot GetSnapshot() => new() { MaxMemory = MaxMemory };

        public void Compact(double percentage)
        {
        }

        public void Clear()
        {
        }
    }

    private sealed class TimerlessTime : TimeProvider
    {
        public ManualTimeProvider Inner { get; } = new();

        public bool IsBroken { get; set; }

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            IsBroken
                ? throw new NotSupportedException("The clock makes no timers.")
                : Inner.CreateTimer(callback, state, dueTime, period);
    }
}
