namespace BoundedCache.Tests;

public sealed class OptionsTests
{
    [Fact]
    public void The_defaults_are_valid_and_take_a_quarter_of_the_memory()
    {
        var options = new BoundedMemoryCacheOptions();
        using var cache = new BoundedMemoryCache(options);

        Assert.Equal("default", cache.Name);
        Assert.Equal(GC.GetGCMemoryInfo(GCKind.Any).TotalAvailableMemoryBytes / 4, cache.MaxMemory);
        Assert.Equal(EntrySizing.Measured, options.Sizing);
        Assert.Equal(ReleaseMode.Full, options.ReleaseMode);
        Assert.Equal(TimeSpan.FromMinutes(1), options.ExpirationScanFrequency);
        Assert.Same(TimeProvider.System, options.TimeProvider);
        Assert.False(options.TrackStatistics);
        Assert.False(options.TrackLinkedCacheEntries);
        Assert.False(options.DisposeValues);
    }

    [Fact]
    public void Pacing_is_on_and_what_else_touches_the_process_is_not()
    {
        var options = new BoundedMemoryCacheOptions();

        Assert.Equal(0.05, options.PacingShare);
        Assert.Equal(0.01, options.AuditShare);
        Assert.True(options.YieldToMemoryPressure);
        Assert.False(options.YieldToMachinePressure);
        Assert.Equal((options.MaxMemory / 8, 0.12), (options.MinMemory, options.MemoryReserve));
        Assert.False(options.AuditOnlyReports);
        Assert.Null(options.IdleReleaseInterval);
        Assert.False(options.TrimNativeMemory);
    }

    [Fact]
    public void No_options_are_an_error() =>
        Assert.Throws<ArgumentNullException>("options", () => new BoundedMemoryCache(null!));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(" ")]
    public void A_cache_needs_a_name(string? name) =>
        AssertRefused<ArgumentException>(
            options => options.Name = name!, "BoundedMemoryCacheOptions.Name is empty", "give the cache a name");

    [Theory]
    [InlineData(0L, "0")]
    [InlineData(-1L, "-1")]
    [InlineData(long.MinValue, "-9223372036854775808")]
    public void The_limit_is_at_least_one_byte(long max, string value) =>
        AssertRefused<ArgumentOutOfRangeException>(
            options => options.MaxMemory = max, "BoundedMemoryCacheOptions.MaxMemory", "at least 1", value);

    [Fact]
    public void The_sizing_is_one_of_two() =>
        AssertRefused<ArgumentOutOfRangeException>(
            options => options.Sizing = (EntrySizing)7,
            "BoundedMemoryCacheOptions.Sizing",
            "Measured or Declared",
            "7");

    [Fact]
    public void The_release_mode_is_one_of_those_there_are() =>
        AssertRefused<ArgumentOutOfRangeException>(
            options => options.ReleaseMode = (ReleaseMode)7,
            "BoundedMemoryCacheOptions.ReleaseMode",
            "None, Gentle or Full",
            "7");

    [Theory]
    [InlineData(0)]
    [InlineData(9)]
    [InlineData(25 * 24 * 60 * 60)]
    public void Idle_releases_come_at_most_every_ten_seconds(int seconds) =>
        AssertRefused<ArgumentOutOfRangeException>(
            options => options.IdleReleaseInterval = TimeSpan.FromSeconds(seconds),
            "BoundedMemoryCacheOptions.IdleReleaseInterval",
            "from 10 seconds to 24 days");

    [Fact]
    public void Pressure_cannot_leave_less_than_nothing() =>
        AssertRefused<ArgumentOutOfRangeException>(
            options => options.MinMemory = -1,
            "BoundedMemoryCacheOptions.MinMemory",
            "at least 0 bytes",
            "-1");

    [Theory]
    [InlineData(0)]
    [InlineData(0.6)]
    [InlineData(double.NaN)]
    public void A_reserve_is_at_most_half_of_a_limit(double share) =>
        AssertRefused<ArgumentOutOfRangeException>(
            options => options.MemoryReserve = share,
            "BoundedMemoryCacheOptions.MemoryReserve",
            "a number from 0.01 to 0.5");

    [Fact]
    public void Idle_releases_are_for_at_least_a_byte() =>
        AssertRefused<ArgumentOutOfRangeException>(
            options => options.IdleReleaseMinimumBytes = 0,
            "BoundedMemoryCacheOptions.IdleReleaseMinimumBytes",
            "at least 1",
            "0");

    [Fact]
    public void The_clock_is_not_null() =>
        AssertRefused<ArgumentException>(
            options => options.TimeProvider = null!, "BoundedMemoryCacheOptions.TimeProvider is null", "set a clock");

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(50 * TimeSpan.TicksPerDay)]
    [InlineData(long.MaxValue)]
    public void The_scan_interval_is_one_that_a_timer_takes(long ticks) =>
        AssertRefused<ArgumentOutOfRangeException>(
            options => options.ExpirationScanFrequency = TimeSpan.FromTicks(ticks),
            "BoundedMemoryCacheOptions.ExpirationScanFrequency",
            "more than zero and at most 49 days",
            TimeSpan.FromTicks(ticks).ToString());

    [Fact]
    public void A_sizer_is_not_null() =>
        Assert.Throws<ArgumentNullException>("sizer", () => new BoundedMemoryCacheOptions().AddSizer<string>(null!));

    [Fact]
    public void A_later_change_of_the_options_changes_no_cache()
    {
        BoundedMemoryCacheOptions mine = null!;
        using var test = new CacheUnderTest(options => mine = options);
        mine.Name = "other";
        mine.MaxMemory = 1;
        mine.Sizing = EntrySizing.Declared;
        mine.TrackStatistics = true;
        mine.AddSizer<byte[]>(static _ => 900_000);

        using (var entry = test.Cache.CreateEntry("key"))
        {
            entry.Value = new byte[100];
        }

        Assert.Equal("test", test.Cache.Name);
        Assert.Equal(1_000_000, test.Cache.MaxMemory);
        Assert.True(test.Has("key"));
        Assert.InRange(test.Cache.UsedMemory, 100, 300);
        Assert.Null(test.Cache.GetCurrentStatistics());
    }

    private static void AssertRefused<TException>(Action<BoundedMemoryCacheOptions> configure, params string[] words)
        where TException : ArgumentException
    {
        var options = new BoundedMemoryCacheOptions();
        configure(options);

        TException error = Assert.Throws<TException>(() => new BoundedMemoryCache(options));

        Assert.All(words, word => Assert.Contains(word, error.Message, StringComparison.Ordinal));
        Assert.All(words.Where(static word => word.StartsWith("Bounded", StringComparison.Ordinal)), word =>
            Assert.Contains(error.ParamName!, word, StringComparison.Ordinal));
    }
}
