using System.Text.Json.Nodes;
using BoundedCache.AspNetCore.Tests.Support;
using BoundedCache.TestSupport;
using Microsoft.Extensions.DependencyInjection;

namespace BoundedCache.AspNetCore.Tests.History;

/// <summary>The samples of the recent past, and what takes them.</summary>
public sealed class HistoryTests
{
    [Fact]
    public async Task A_timer_takes_samples_from_the_start_of_the_host_to_its_stop_and_not_before_or_after()
    {
        var time = new ManualTimeProvider();
        await using AdminHost host = AdminHost.Make(all => (all.AllowLoopback, all.TimeProvider) = (true, time));
        Assert.Equal(0, time.ActiveTimers);

        await host.App.StartAsync();
        Assert.Equal(1, time.ActiveTimers);
        await host.App.StopAsync();
        Assert.Equal(0, time.ActiveTimers);
    }

    [Fact]
    public async Task A_container_that_is_disposed_without_a_stop_ends_the_timer_as_well()
    {
        var time = new ManualTimeProvider();
        AdminHost host = await AdminHost.StartAsync(all => (all.AllowLoopback, all.TimeProvider) = (true, time));
        LogLines log = host.Log;
        await ((ServiceProvider)host.App.Services).DisposeAsync();

        time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(0, time.ActiveTimers);
        Assert.Empty(log.Admin);
    }

    [Fact]
    public async Task The_last_samples_are_kept_and_no_more()
    {
        var time = new ManualTimeProvider();
        await using AdminHost host = await AdminHost.StartAsync(
            all => (all.AllowLoopback, all.TimeProvider, all.HistorySamples, all.SampleInterval) =
                (true, time, 3, TimeSpan.FromSeconds(5)));

        for (int i = 0; i < 5; i++)
        {
            host.Default.Set(i, new byte[100]);
            time.Advance(TimeSpan.FromSeconds(5));
        }

        JsonNode history = (await host.GetAsync("api/history")).AssertOk().Json;
        JsonNode?[] samples = [.. history["samples"]!.AsArray()];
        Assert.Equal(5000, history["intervalMilliseconds"]!.GetValue<double>());
        Assert.Equal(
            ["2026-01-01T00:00:15+00:00", "2026-01-01T00:00:20+00:00", "2026-01-01T00:00:25+00:00"],
            samples.Select(static sample => sample!["time"]!.GetValue<string>()));
        Assert.Equal([3, 4, 5], samples.Select(static sample => sample!["caches"]![0]!["count"]!.GetValue<int>()));
        Assert.All(samples, static sample => Assert.True(sample!["residentBytes"]!.GetValue<long>() > 0));
        Assert.Equal(host.Default.UsedMemory, samples[2]!["caches"]![0]!["usedBytes"]!.GetValue<long>());
    }

    [Fact]
    public async Task The_hit_ratio_is_that_of_the_last_interval_and_null_without_lookups_or_where_nobody_counts()
    {
        var time = new ManualTimeProvider();
        await using AdminHost host = await AdminHost.StartAsync(
            all => (all.AllowLoopback, all.TimeProvider) = (true, time));
        host.Default.Set("a", 1);
        time.Advance(TimeSpan.Zero);

        Look(host, hits: 3, misses: 1);
        time.Advance(TimeSpan.FromSeconds(1));
        Look(host, hits: 0, misses: 2);
        time.Advance(TimeSpan.FromSeconds(1));
        time.Advance(TimeSpan.FromSeconds(1));

        JsonNode?[] samples = [.. (await host.GetAsync("api/history")).AssertOk().Json["samples"]!.AsArray()];
        Assert.Equal(
            [0.75, 0, null],
            samples.TakeLast(3).Select(static sample => sample!["caches"]![0]!["hitRatio"]?.GetValue<double>()));
        Assert.All(samples, static sample => Assert.Null(sample!["caches"]![1]!["hitRatio"]));
    }

    [Fact]
    public async Task Shrinks_are_there_whoever_caused_them_each_once_and_raises_are_not()
    {
        var time = new ManualTimeProvider();
        await using AdminHost host = await AdminHost.StartAsync(
            all => (all.AllowLoopback, all.TimeProvider) = (true, time));

        host.Default.MaxMemory = 5000;
        time.Advance(TimeSpan.FromSeconds(1));
        (await host.PutAsync("api/caches/default/limit", """{"maxMemory": 4000}""")).AssertOk();
        (await host.PutAsync("api/caches/default/limit", """{"maxMemory": 9000}""")).AssertOk();
        time.Advance(TimeSpan.FromSeconds(1));
        for (int i = 0; i < 120; i++)
        {
            (await host.PutAsync("api/caches/pages/limit", """{"maxMemory": 7000}""")).AssertOk();
        }

        time.Advance(TimeSpan.FromSeconds(1));

        JsonNode cache = (await host.GetAsync("api/caches/default")).AssertOk().Json;
        Assert.Equal("2026-01-01T00:00:01+00:00", cache["lastShrink"]!["time"]!.GetValue<string>());
        JsonNode?[] shrinks = [.. (await host.GetAsync("api/history")).AssertOk().Json["shrinks"]!.AsArray()];
        Assert.InRange(shrinks.Length, 90, 100);
        Assert.All(shrinks, static shrink => Assert.Equal("pages", shrink!["cacheName"]!.GetValue<string>()));
    }

    [Fact]
    public async Task A_shrink_is_there_when_its_answer_is()
    {
        await using AdminHost host = await AdminHost.StartAsync();

        Answer answer = (await host.PutAsync("api/caches/default/limit", """{"maxMemory": 4000}""")).AssertOk();

        JsonNode? shrink = Assert.Single((await host.GetAsync("api/history")).AssertOk().Json["shrinks"]!.AsArray());
        Assert.Equal(answer.Json.ToJsonString(), shrink!.ToJsonString());
        Assert.Equal(
            answer.Json.ToJsonString(),
            (await host.GetAsync("api/caches/default")).AssertOk().Json["lastShrink"]!.ToJsonString());
    }

    private static void Look(AdminHost host, int hits, int misses)
    {
        for (int i = 0; i < hits; i++)
        {
            host.Default.TryGetValue("a", out _);
            host.Pages.TryGetValue("a", out _);
        }

        for (int i = 0; i < misses; i++)
        {
            host.Default.TryGetValue("nothing", out _);
        }
    }
}
