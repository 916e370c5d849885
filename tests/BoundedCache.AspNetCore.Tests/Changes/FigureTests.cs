using System.Net;
using System.Text.Json.Nodes;
using BoundedCache.AspNetCore.Access;
using BoundedCache.AspNetCore.Caches;
using BoundedCache.AspNetCore.Changes;
using BoundedCache.AspNetCore.Events;
using BoundedCache.AspNetCore.History;
using BoundedCache.AspNetCore.Tests.Support;
using BoundedCache.TestSupport;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace BoundedCache.AspNetCore.Tests.Changes;

/// <summary>Exact figures, at their edges, over caches that are none of the library's.</summary>
public sealed class FigureTests
{
    [Fact]
    public async Task A_cache_is_shown_with_the_figures_of_its_snapshot()
    {
        var cache = new FakeCache("fake")
        {
            Snapshot = new CacheSnapshot
            {
                Name = "fake",
                Sizing = EntrySizing.Declared,
                MaxMemory = 1,
                UsedMemory = 2,
                Count = 3,
                Hits = 2,
                Misses = 1,
                Insertions = 4,
                RefusedTooLarge = 5,
                RefusedExpired = 6,
                TableBytes = 7,
                Evictions = new EvictionTotals { Capacity = new(8, 9), Replaced = new(10, 11) },
            },
        };
        await using AdminHost host = await StartAsync(cache);

        JsonNode shown = (await host.GetAsync("api/caches/fake")).AssertOk().Json;

        JsonNode evictions = shown["evictions"]!;
        Assert.Equal("""{"entries":8,"bytes":9}""", evictions["capacity"]!.ToJsonString());
        Assert.Equal("""{"entries":10,"bytes":11}""", evictions["replaced"]!.ToJsonString());
        shown.AsObject().Remove("evictions");
        Assert.Equal(
            """
            {"name":"fake","isByteCache":false,"sizing":"declared","evictionPolicy":"leastRecentlyUsed","maxBytes":1,
            "effectiveMaxBytes":1,"usedBytes":2,"count":3,"hits":2,"misses":1,"hitRatio":0.6667,
            "insertions":4,"refused":11,"tableBytes":7,
            "pressure":null,"lastShrink":null,"lastReport":null}
            """.ReplaceLineEndings(""),
            shown.ToJsonString());
    }

    [Fact]
    public async Task A_report_is_shown_with_all_its_figures_under_names_that_do_not_change()
    {
        var cache = new FakeCache("fake")
        {
            Ending = Task.FromResult(new ShrinkReport
            {
                CacheName = "fake",
                OldMaxMemory = 1000,
                NewMaxMemory = 1,
                LimitChange = MaxMemoryChange.Lowered,
                EntriesEvicted = 2,
                BytesEvicted = 3,
                UsedMemory = 4,
                Count = 5,
                EvictionTime = TimeSpan.FromMilliseconds(6.0004),
                TotalTime = TimeSpan.FromMilliseconds(7.5),
                GCPause = TimeSpan.FromMilliseconds(8),
                LongestGCPause = TimeSpan.FromMilliseconds(9),
                Collections = 1,
                ReleaseMode = ReleaseMode.Gentle,
                Outcome = ReleaseOutcome.Partial,
                Reason = "why",
                Advice = ["what"],
                Before = new ProcessMemorySnapshot { ResidentBytes = 100 },
                After = new ProcessMemorySnapshot { ResidentBytes = 60 },
            }),
        };
        var time = new ManualTimeProvider();
        await using AdminHost host = await StartAsync(
            cache, all => (all.AllowLoopback, all.TimeProvider) = (true, time));

        JsonObject shown = (await host.PutAsync("api/caches/fake/limit", """{"maxMemory": 1}"""))
            .AssertOk().Json.AsObject();

        Assert.Equal("2026-01-01T00:00:00+00:00", shown["time"]!.GetValue<string>());
        Assert.Equal(1, shown["number"]!.GetValue<int>());
        Assert.Equal(100, shown["before"]!["residentBytes"]!.GetValue<long>());
        Assert.Equal(60, shown["after"]!["residentBytes"]!.GetValue<long>());
        Assert.Equal((await cache.Ending).ToString(), shown["summary"]!.GetValue<string>());
        foreach (string name in (string[])["number", "time", "before", "after", "summary"])
        {
            shown.Remove(name);
        }

        Assert.Equal(
            """
            {"cacheName":"fake","sizing":"measured","oldMaxBytes":1000,"newMaxBytes":1,"limitChange":"lowered",
            "entriesEvicted":2,"bytesEvicted":3,"usedBytes":4,"count":5,"evictionMilliseconds":6,
            "totalMilliseconds":7.5,"gcPauseMilliseconds":8,"longestGcPauseMilliseconds":9,"collections":1,
            "releaseMode":"gentle","outcome":"partial","reason":"why","advice":["what"],"releasedBytes":40}
            """.ReplaceLineEndings(""),
            shown.ToJsonString());
    }

    [Theory]
    [InlineData("limit", "{\"maxMemory\": 1}", null)]
    [InlineData("limit", "{\"maxMemory\": 1, \"releaseMode\": \"None\"}", ReleaseMode.None)]
    [InlineData("release", "{}", null)]
    [InlineData("release", "{\"releaseMode\": null}", null)]
    [InlineData("release", "{\"releaseMode\": \"gentle\"}", ReleaseMode.Gentle)]
    [InlineData("release", "{\"releaseMode\": \"full\"}", ReleaseMode.Full)]
    public async Task Without_a_mode_the_cache_uses_its_own(string path, string body, ReleaseMode? mode)
    {
        var cache = new FakeCache("fake");
        await using AdminHost host = await StartAsync(cache);

        (await host.SendAsync(path == "limit" ? HttpMethod.Put : HttpMethod.Post, $"api/caches/fake/{path}", body))
            .AssertOk();

        Assert.Equal([mode], cache.Modes);
        if (path == "release")
        {
            Assert.EndsWith(
                $"asks for a release ({mode?.ToString() ?? "the cache's own mode"})",
                host.Log.Admin.First(static line => line.Id == 61).Text,
                StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(4096, true)]
    [InlineData(4096, false)]
    public async Task The_longest_body_is_4096_bytes(int length, bool hasLength)
    {
        var cache = new FakeCache("fake");
        await using AdminHost host = await StartAsync(cache);
        string body = $$"""{"maxMemory": 12345{{new string(' ', length - 20)}}}""";
        Assert.Equal(length, body.Length);
        using HttpContent content = hasLength
            ? new StringContent(body)
            : new StreamContent(new MemoryStream(System.Text.Encoding.UTF8.GetBytes(body)));
        content.Headers.ContentType = new("application/json");
        using var request = new HttpRequestMessage(HttpMethod.Put, "/admin/cache/api/caches/fake/limit")
        {
            Content = content,
            Headers = { TransferEncodingChunked = !hasLength },
        };

        using HttpResponseMessage response = await host.Client.SendAsync(request);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(12345, cache.MaxMemory);
    }

    [Theory]
    [InlineData(1000, 10, 1000, 0, 0)]
    [InlineData(1000, 10, 5000, 0, 0)]
    [InlineData(1000, 10, 999, 1, 1)]
    [InlineData(1000, 10, 900, 1, 100)]
    [InlineData(1000, 10, 899, 2, 101)]
    [InlineData(1000, 10, 1, 10, 999)]
    [InlineData(1000, 1, 1, 1, 999)]
    [InlineData(0, 0, 1, 0, 0)]
    public void A_preview_rounds_entries_up_and_bytes_not_at_all(
        long used, int count, long limit, long entries, long bytes)
    {
        LimitPreview preview = LimitPreview.Create(
            new CacheSnapshot { Name = "fake", MaxMemory = 2000, UsedMemory = used, Count = count }, limit);

        Assert.Equal(new LimitPreview("fake", EntrySizing.Measured, 2000, limit, used, entries, bytes), preview);
    }

    [Fact]
    public async Task What_compacting_removed_includes_what_was_expired()
    {
        var time = new ManualTimeProvider();
        await using AdminHost host = await AdminHost.StartAsync(
            services: services => services.Configure<BoundedMemoryCacheOptions>(cache => cache.TimeProvider = time));
        for (int i = 0; i < 100; i++)
        {
            host.Default.Set(i, new byte[100], TimeSpan.FromSeconds(i < 10 ? 1 : 1000));
        }

        long used = host.Default.UsedMemory;
        time.Advance(TimeSpan.FromSeconds(2));
        JsonNode compacted =
            (await host.PostAsync("api/caches/default/compact", """{"share": 0.25}""")).AssertOk().Json;

        Assert.Equal((25, used / 4, 75), (
            compacted["entriesRemoved"]!.GetValue<long>(),
            compacted["bytesRemoved"]!.GetValue<long>(),
            compacted["count"]!.GetValue<int>()));
        Assert.Equal(host.Default.UsedMemory, compacted["usedBytes"]!.GetValue<long>());
    }

    [Fact]
    public async Task A_change_under_way_is_found_behind_64_newer_ones_and_the_oldest_ended_one_is_not()
    {
        var ending = new TaskCompletionSource<ShrinkReport>();
        var slow = new FakeCache("slow") { Ending = ending.Task };
        await using AdminHost host = await StartAsync([slow, new FakeCache("fast")]);
        string running = await BeginAsync("slow");
        List<string> ended = [];
        for (int i = 0; i < 64; i++)
        {
            ended.Add(await BeginAsync("fast"));
        }

        Assert.Equal("releasing", (await host.GetAsync(running)).AssertOk().Json["state"]!.GetValue<string>());
        (await host.GetAsync(ended[0])).AssertProblem(HttpStatusCode.NotFound);
        Assert.Equal("completed", (await host.GetAsync(ended[1])).AssertOk().Json["state"]!.GetValue<string>());

        ending.SetResult(new ShrinkReport { CacheName = "slow", OldMaxMemory = 2, NewMaxMemory = 1 });
        await EndAsync(running);
        await BeginAsync("fast");
        (await host.GetAsync(running)).AssertProblem(HttpStatusCode.NotFound);

        async Task<string> BeginAsync(string cache)
        {
            Answer accepted = await host.PutAsync(
                $"api/caches/{cache}/limit", """{"maxMemory": 1}""", "Prefer: respond-async");
            string path = accepted.Headers.Location!.OriginalString.Replace("../..", "api", StringComparison.Ordinal);
            if (cache == "fast")
            {
                await EndAsync(path);
            }

            return path;
        }

        async Task EndAsync(string path)
        {
            using var hung = new CancellationTokenSource(TimeSpan.FromSeconds(30));
            while ((await host.GetAsync(path)).AssertOk().Json["state"]!.GetValue<string>() == "releasing")
            {
                hung.Token.ThrowIfCancellationRequested();
            }
        }
    }

    [Fact]
    public void A_change_is_evicting_for_as_long_as_the_cache_has_a_byte_too_many()
    {
        var cache = new FakeCache("fake") { MaxMemory = 100, UsedMemory = 101 };
        var operation = new Operation(cache, OperationKind.SetLimit, default);
        Assert.Equal(OperationState.Evicting, operation.State);

        cache.UsedMemory = 100;
        Assert.Equal(OperationState.Releasing, operation.State);

        operation.Fail("why");
        OperationView view = operation.View();
        Assert.Equal((OperationState.Failed, "why", 100), (view.State, view.Error, view.MaxBytes));
    }

    [Fact]
    public async Task The_bounds_of_limits_may_be_set_themselves()
    {
        var cache = new FakeCache("fake");
        await using AdminHost host = await StartAsync(
            cache, static all => (all.AllowLoopback, all.MinimumLimit, all.MaximumLimit) = (true, 100, 200));

        (await host.PutAsync("api/caches/fake/limit", """{"maxMemory": 100}""")).AssertOk();
        Assert.Equal(100, cache.MaxMemory);
        (await host.PutAsync("api/caches/fake/limit", """{"maxMemory": 200}""")).AssertOk();
        Assert.Equal(200, cache.MaxMemory);
        foreach (int limit in (int[])[99, 201])
        {
            (await host.PutAsync("api/caches/fake/limit", $$"""{"maxMemory": {{limit}}}"""))
                .AssertProblem(HttpStatusCode.BadRequest, $"got {limit}.");
        }
    }

    [Fact]
    public void The_wait_for_the_next_release_is_rounded_up_to_seconds()
    {
        var time = new ManualTimeProvider();
        var rate = new ReleaseRate(1, time);
        Assert.True(rate.TryTake(out _, out _));
        time.Advance(TimeSpan.FromSeconds(19.5));
        var context = new DefaultHttpContext();

        string detail = TooManyReleases.Refuse(context, rate, out _)!.Value!.Detail!;
        Assert.Contains("Ask again in 41 s.", detail, StringComparison.Ordinal);
        Assert.Equal("41", context.Response.Headers.RetryAfter);
    }

    [Fact]
    public void The_last_100_reports_are_kept()
    {
        var history = new ShrinkHistory(new EventHub(), new ManualTimeProvider());
        for (int i = 1; i <= 101; i++)
        {
            history.Note(new ShrinkReport { CacheName = "fake", EntriesEvicted = i });
        }

        Assert.Equal(Enumerable.Range(2, 100), history.Views.Select(static view => (int)view.EntriesEvicted));
    }

    [Fact]
    public void Refusals_are_logged_once_a_minute_with_the_number_of_those_since_the_last_line()
    {
        var time = new ManualTimeProvider();
        using var lines = new LogLines();
        var log = new RefusalLog(time, lines.CreateLogger(Log.Category));
        foreach (int seconds in (int[])[0, 59, 1, 60])
        {
            time.Advance(TimeSpan.FromSeconds(seconds));
            log.Note(new DefaultHttpContext(), "why");
        }

        Assert.Equal(
            ["0 more", "1 more", "0 more"],
            lines.Admin.Select(static line => line.Text.Split(". ")[1][..6]));
    }

    private static Task<AdminHost> StartAsync(FakeCache cache, Action<BoundedCacheAdminOptions>? options = null) =>
        StartAsync([cache], options);

    private static Task<AdminHost> StartAsync(FakeCache[] caches, Action<BoundedCacheAdminOptions>? options = null) =>
        AdminHost.StartAsync(
            options, services => services.AddSingleton(new BoundedMemoryCacheRegistry(caches)));
}
