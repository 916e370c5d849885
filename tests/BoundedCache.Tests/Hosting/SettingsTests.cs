using BoundedCache.Hosting;
using BoundedCache.TestSupport;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace BoundedCache.Tests.Hosting;

/// <summary>What a section may contain, and the messages for what it may not.</summary>
public sealed class SettingsTests
{
    private static readonly string[] s_ofBytesAlone =
        [nameof(BoundedByteCacheOptions.ExcludeFromCoreDumps), nameof(BoundedByteCacheOptions.ClearFreedMemory)];

    [Fact]
    public void Every_setting_is_read()
    {
        BoundedMemoryCacheOptions options = Read(
            ("Name", "products"),
            ("MaxMemory", "1.5GiB"),
            ("Sizing", "declared"),
            ("ReleaseMode", "None"),
            ("EvictionPolicy", "scanresistant"),
            ("ExpirationScanFrequency", "00:00:30"),
            ("trackstatistics", "True"),
            ("TrackLinkedCacheEntries", "true"),
            ("DisposeValues", "true"),
            ("PacingShare", "0.1"),
            ("AuditShare", "0.05"),
            ("AuditOnlyReports", "true"),
            ("IdleReleaseInterval", "00:30:00"),
            ("IdleReleaseMinimumBytes", "16MB"),
            ("YieldToMemoryPressure", "false"),
            ("YieldToMachinePressure", "true"),
            ("MinMemory", "3MB"),
            ("MemoryReserve", "0.2"),
            ("TrimNativeMemory", "true"));

        Assert.Equal("products", options.Name);
        Assert.Equal(3L << 29, options.MaxMemory);
        Assert.Equal(EntrySizing.Declared, options.Sizing);
        Assert.Equal(ReleaseMode.None, options.ReleaseMode);
        Assert.Equal(EvictionPolicy.ScanResistant, options.EvictionPolicy);
        Assert.Equal(TimeSpan.FromSeconds(30), options.ExpirationScanFrequency);
        Assert.True(options.TrackStatistics);
        Assert.True(options.TrackLinkedCacheEntries);
        Assert.True(options.DisposeValues);
        Assert.Equal(0.1, options.PacingShare);
        Assert.Equal(0.05, options.AuditShare);
        Assert.True(options.AuditOnlyReports);
        Assert.Equal(TimeSpan.FromMinutes(30), options.IdleReleaseInterval);
        Assert.Equal(16L << 20, options.IdleReleaseMinimumBytes);
        Assert.False(options.YieldToMemoryPressure);
        Assert.True(options.YieldToMachinePressure);
        Assert.Equal((3L << 20, 0.2), (options.MinMemory, options.MemoryReserve));
        Assert.True(options.TrimNativeMemory);
    }

    [Fact]
    public void Every_option_but_those_of_code_is_a_setting() => Assert.Equal(
        typeof(BoundedMemoryCacheOptions).GetProperties()
            .Select(static property => property.Name)
            .Except([nameof(BoundedMemoryCacheOptions.TimeProvider)])
            .Order(),
        MemoryCacheSettings.All.Select(static setting => setting.Name).Append("MaxMemory").Order());

    [Fact]
    public void Every_option_of_a_byte_cache_but_those_of_code_is_a_setting() => Assert.Equal(
        typeof(BoundedByteCacheOptions).GetProperties()
            .Select(static property => property.Name)
            .Except([nameof(BoundedByteCacheOptions.TimeProvider)])
            .Order(),
        ByteCacheSettings.All.Select(static setting => setting.Name).Append("MaxMemory").Order());

    [Fact]
    public void Both_kinds_of_caches_read_settings_of_one_name_in_the_same_way()
    {
        string[] texts =
        [
            "", " ", "a", "true", " False ", "1", "0", "-1", "7", "0.2", " 0.2 ", "2e-1", "0.7", "NaN", "25%", "64MB",
            "an eighth of MaxMemory", "none", "LeastRecentlyUsed", " scanresistant", "30", "00:00:30", "49.00:00:01",
        ];
        Assert.All(ByteCacheSettings.All.Where(static setting => !s_ofBytesAlone.Contains(setting.Name)), setting =>
        {
            var options = new BoundedByteCacheOptions();
            var others = new BoundedMemoryCacheOptions();
            CacheSetting<BoundedMemoryCacheOptions> other = MemoryCacheSettings.All.Single(
                other => other.Name == setting.Name);

            Assert.Equal(other.Allowed, setting.Allowed);
            Assert.All(texts, text =>
            {
                bool isAllowed = setting.TrySet(options, text);
                Assert.Equal((other.TrySet(others, text), text), (isAllowed, text));
                if (isAllowed)
                {
                    Assert.Equal(other.Get(others), setting.Get(options));
                }
            });
        });
    }

    [Fact]
    public void What_is_not_there_keeps_its_default()
    {
        BoundedMemoryCacheOptions options = Read(("MaxMemory", null), ("TrackStatistics", "true"));

        Assert.Equal(new BoundedMemoryCacheOptions().MaxMemory, options.MaxMemory);
        Assert.Equal("default", options.Name);
        Assert.Equal(ReleaseMode.Full, options.ReleaseMode);
    }

    [Fact]
    public void A_delegate_has_the_last_word()
    {
        using ServiceProvider provider = new ServiceCollection()
            .AddBoundedMemoryCache(Section(("MaxMemory", "1000")), static options => options.MaxMemory *= 2)
            .AddKeyedBoundedMemoryCache(
                "pages", Section(("MaxMemory", "1000")), static options => options.MaxMemory += 1)
            .BuildServiceProvider();

        Assert.Equal(
            [2000, 1001],
            provider.GetRequiredService<BoundedMemoryCacheRegistry>().Caches.Select(static cache => cache.MaxMemory));
    }

    [Theory]
    [InlineData("MaxMemory", "0")]
    [InlineData("MaxMemory", "-1")]
    [InlineData("MaxMemory", "")]
    [InlineData("MaxMemory", "lots")]
    [InlineData("MaxMemory", "512 megs")]
    [InlineData("MaxMemory", "1e9")]
    [InlineData("MaxMemory", "0%")]
    [InlineData("MaxMemory", "0.0 %")]
    [InlineData("MaxMemory", "-5%")]
    [InlineData("MaxMemory", "100.1%")]
    [InlineData("MaxMemory", "1e1%")]
    [InlineData("MaxMemory", "NaN%")]
    [InlineData("MaxMemory", "NaN")]
    [InlineData("MaxMemory", "%")]
    [InlineData("MaxMemory", "25%%")]
    [InlineData("MaxMemory", "9223372036854775808")]
    [InlineData("Sizing", "7")]
    [InlineData("Sizing", "0")]
    [InlineData("Sizing", "Measured, Declared")]
    [InlineData("ReleaseMode", "Fully")]
    [InlineData("ExpirationScanFrequency", "60")]
    [InlineData("ExpirationScanFrequency", "30")]
    [InlineData("ExpirationScanFrequency", "00:00:00")]
    [InlineData("ExpirationScanFrequency", "-00:01:00")]
    [InlineData("ExpirationScanFrequency", "49.00:00:01")]
    [InlineData("ExpirationScanFrequency", "soon:ish")]
    [InlineData("TrackStatistics", "yes")]
    [InlineData("TrackLinkedCacheEntries", "1")]
    [InlineData("AuditShare", "-0.1")]
    [InlineData("AuditShare", "1.1")]
    [InlineData("AuditShare", "NaN")]
    [InlineData("AuditShare", "1%")]
    [InlineData("AuditOnlyReports", "1")]
    [InlineData("PacingShare", "-0.1")]
    [InlineData("PacingShare", "1.1")]
    [InlineData("PacingShare", "NaN")]
    [InlineData("PacingShare", "5%")]
    [InlineData("YieldToMemoryPressure", "often")]
    [InlineData("YieldToMachinePressure", "1")]
    [InlineData("MinMemory", "-1")]
    [InlineData("MinMemory", "25%")]
    [InlineData("MemoryReserve", "0")]
    [InlineData("MemoryReserve", "0.6")]
    [InlineData("MemoryReserve", "NaN")]
    [InlineData("IdleReleaseInterval", "00:00:09")]
    [InlineData("IdleReleaseInterval", "30")]
    [InlineData("IdleReleaseInterval", "24.00:00:01")]
    [InlineData("IdleReleaseMinimumBytes", "0")]
    [InlineData("IdleReleaseMinimumBytes", "25%")]
    [InlineData("TrimNativeMemory", "glibc")]
    [InlineData("Name", " ")]
    public void A_value_that_is_not_allowed_is_told_with_its_setting_and_what_is_allowed(string setting, string value)
    {
        string allowed = setting switch
        {
            "MaxMemory" => ConfiguredLimit.Allowed,
            "Sizing" => "Measured or Declared",
            "ReleaseMode" => string.Join(" or ", Enum.GetNames<ReleaseMode>()),
            "ExpirationScanFrequency" =>
                "a time as hours:minutes:seconds (00:01:00), more than zero and at most 49 days (49.00:00:00)",
            "AuditShare" => "a share of one processor as a number from 0 (never) to 1, such as 0.01",
            "PacingShare" => "a share of MaxMemory as a number from 0 (no pacing) to 1, such as 0.05",
            "MinMemory" => "an eighth of MaxMemory, or at least 0 bytes, as a number of bytes (1048576) or an amount "
                + "with a unit (64MB)",
            "MemoryReserve" => "a share of the process's limits as a number from 0.01 to 0.5, such as 0.12",
            "IdleReleaseInterval" =>
                "none, or a time as hours:minutes:seconds (00:30:00), from 10 seconds to 24 days (24.00:00:00)",
            "IdleReleaseMinimumBytes" =>
                "at least 1 byte, as a number of bytes (1048576) or an amount with a unit (64MB)",
            "Name" => "a name that is not empty",
            _ => "true or false",
        };

        AssertRefused([$"Cache:{setting}: expected {allowed}, got '{value}'."], (setting, value));
    }

    [Theory]
    [InlineData("MaxMemroy", "MaxMemory")]
    [InlineData("maxmemori", "MaxMemory")]
    [InlineData("Max_Memory", "MaxMemory")]
    [InlineData("TrackStatistic", "TrackStatistics")]
    [InlineData("ExpirationScanInterval", null)]
    [InlineData("Size", null)]
    [InlineData("SizeLimit", null)]
    [InlineData("X", null)]
    public void An_unknown_setting_is_told_with_what_was_probably_meant(string unknown, string? meant) => AssertRefused(
        [
            $"Cache: unknown setting '{unknown}'; " + (meant is not null
                ? $"did you mean '{meant}'?"
                : "expected MaxMemory, Name, Sizing, EvictionPolicy, ReleaseMode, ExpirationScanFrequency, "
                    + "TrackStatistics, TrackLinkedCacheEntries, DisposeValues, PacingShare, YieldToMemoryPressure, "
                    + "MinMemory, MemoryReserve, YieldToMachinePressure, AuditShare, AuditOnlyReports, "
                    + "IdleReleaseInterval, "
                    + "IdleReleaseMinimumBytes or TrimNativeMemory."),
        ],
        (unknown, "1"));

    [Fact]
    public void Everything_that_is_wrong_is_told_at_once() => AssertRefused(
        [
            $"Cache:MaxMemory: expected {ConfiguredLimit.Allowed}, got '0'.",
            "Cache:Sizing: expected Measured or Declared, got 'Guessed'.",
            "Cache: unknown setting 'Nam'; did you mean 'Name'?",
        ],
        ("MaxMemory", "0"),
        ("Nam", "x"),
        ("Sizing", "Guessed"));

    [Fact]
    public void A_list_is_no_value() => AssertRefused(
        ["Cache:TrackStatistics: expected true or false, got a section or a list."], ("TrackStatistics:0", "true"));

    [Fact]
    public void A_value_is_no_section() => AssertRefused(
        ["Cache: expected a section that holds settings, such as Cache:MaxMemory, got '512MB'."],
        (null, "512MB"));

    [Fact]
    public void The_whole_configuration_instead_of_a_section_is_told_briefly()
    {
        IConfiguration all = new ConfigurationBuilder()
            .AddInMemoryCollection(
                Enumerable.Range(10, 50).Select(static i => KeyValuePair.Create($"SOME_VARIABLE_{i}", (string?)"1")))
            .Build();
        using ServiceProvider provider = new ServiceCollection().AddBoundedMemoryCache(all).BuildServiceProvider();

        OptionsValidationException error = Assert.Throws<OptionsValidationException>(
            provider.GetRequiredService<BoundedMemoryCache>);

        Assert.Equal(6, error.Failures.Count());
        Assert.Equal(
            "the configuration: 45 more unknown settings; is this the cache's own section, as "
                + "GetSection(\"Cache\") would give it?",
            error.Failures.Last());
    }

    [Fact]
    public void An_empty_section_is_logged()
    {
        using var log = new RecordingLog();
        using ServiceProvider provider = new ServiceCollection()
            .AddSingleton<Microsoft.Extensions.Logging.ILoggerFactory>(log)
            .AddBoundedMemoryCache(Section())
            .BuildServiceProvider();

        provider.GetRequiredService<BoundedMemoryCache>();

        Assert.Equal(["default: Cache holds no settings; is that the section's name?"], log.Messages);
    }

    private static BoundedMemoryCacheOptions Read(params (string? Setting, string? Value)[] settings)
    {
        using ServiceProvider provider = new ServiceCollection()
            .AddBoundedMemoryCache(Section(settings))
            .BuildServiceProvider();
        return provider.GetRequiredService<IOptions<BoundedMemoryCacheOptions>>().Value;
    }

    private static void AssertRefused(string[] failures, params (string? Setting, string? Value)[] settings)
    {
        using ServiceProvider provider = new ServiceCollection()
            .AddBoundedMemoryCache(Section(settings))
            .BuildServiceProvider();

        Assert.Equal(failures, Assert.Throws<OptionsValidationException>(
            provider.GetRequiredService<IStartupValidator>().Validate).Failures);
        Assert.Equal(
            failures,
            Assert.Throws<OptionsValidationException>(provider.GetRequiredService<BoundedMemoryCache>).Failures);
    }

    private static IConfigurationSection Section(params (string? Setting, string? Value)[] settings) =>
        new ConfigurationBuilder()
            .AddInMemoryCollection(settings.Select(static setting =>
                KeyValuePair.Create(setting.Setting is null ? "Cache" : $"Cache:{setting.Setting}", setting.Value)))
            .Build()
            .GetSection("Cache");
}
