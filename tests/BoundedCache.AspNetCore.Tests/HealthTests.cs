using BoundedCache.AspNetCore.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace BoundedCache.AspNetCore.Tests;

/// <summary>The health check of caches.</summary>
public sealed class HealthTests
{
    [Fact]
    public async Task It_is_healthy_where_nothing_is_wrong_and_tells_the_figures()
    {
        HealthReportEntry entry = await CheckAsync(
            new CacheSnapshot { Name = "fake", MaxMemory = 100, UsedMemory = 7 });

        Assert.Equal(HealthStatus.Healthy, entry.Status);
        Assert.Equal(7L, entry.Data["fake.usedBytes"]);
    }

    [Theory]
    [InlineData(50, HealthStatus.Healthy)]
    [InlineData(49, HealthStatus.Degraded)]
    [InlineData(1, HealthStatus.Degraded)]
    public async Task It_is_degraded_while_pressure_has_taken_more_than_half(long effective, HealthStatus status)
    {
        HealthReportEntry entry = await CheckAsync(new CacheSnapshot
        {
            Name = "fake",
            MaxMemory = 100,
            EffectiveMaxMemory = effective,
            Pressure = new CachePressure { LimitBytes = 1000, UsedBytes = 950 },
        });

        Assert.Equal(status, entry.Status);
        Assert.Equal(
            status == HealthStatus.Degraded,
            entry.Description?.Contains("fake: memory pressure has taken more than half", StringComparison.Ordinal)
                == true);
    }

    [Fact]
    public async Task A_limit_that_holds_no_more_than_half_without_pressure_is_none_that_pressure_took()
    {
        HealthReportEntry entry = await CheckAsync(
            new CacheSnapshot { Name = "fake", MaxMemory = 100, EffectiveMaxMemory = 10 });

        Assert.Equal(HealthStatus.Healthy, entry.Status);
    }

    [Fact]
    public async Task It_is_degraded_while_evicting_does_not_help_against_pressure()
    {
        HealthReportEntry entry = await CheckAsync(new CacheSnapshot
        {
            Name = "fake",
            MaxMemory = 100,
            EffectiveMaxMemory = 90,
            Pressure = new CachePressure { LimitBytes = 1000, UsedBytes = 950, IsStopped = true },
        });

        Assert.Equal(HealthStatus.Degraded, entry.Status);
        Assert.Contains("evicting does not help", entry.Description, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_is_degraded_where_an_owed_release_was_given_up_with_the_reason()
    {
        HealthReportEntry entry = await CheckAsync(new CacheSnapshot
        {
            Name = "fake",
            MaxMemory = 100,
            LastReport = new ShrinkReport { IsGivenUp = true, Reason = "Finalizers did not run." },
        });

        Assert.Equal(HealthStatus.Degraded, entry.Status);
        Assert.Contains("Finalizers did not run.", entry.Description, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_fails_where_the_process_cannot_hold_a_limit_with_the_status_name_and_tags_it_was_given()
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddBoundedMemoryCache(static cache => cache.MaxMemory = 1L << 50);
        services.AddHealthChecks().AddBoundedCache("memory", HealthStatus.Unhealthy, ["ready"]);
        await using ServiceProvider provider = services.BuildServiceProvider();

        HealthReport report = await provider.GetRequiredService<HealthCheckService>().CheckHealthAsync();

        HealthReportEntry entry = report.Entries["memory"];
        Assert.Equal(HealthStatus.Unhealthy, entry.Status);
        Assert.Contains("Lower MaxMemory to", entry.Description, StringComparison.Ordinal);
        Assert.Equal(["ready"], entry.Tags);
    }

    private static async Task<HealthReportEntry> CheckAsync(CacheSnapshot snapshot)
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddSingleton(new BoundedMemoryCacheRegistry(
            [new FakeCache("fake") { Snapshot = snapshot with { Sizing = EntrySizing.Declared } }]));
        services.AddHealthChecks().AddBoundedCache();
        await using ServiceProvider provider = services.BuildServiceProvider();
        HealthReport report = await provider.GetRequiredService<HealthCheckService>().CheckHealthAsync();
        return report.Entries["bounded_cache"];
    }
}
