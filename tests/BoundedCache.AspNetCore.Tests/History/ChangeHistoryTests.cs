using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using BoundedCache.AspNetCore.Events;
using BoundedCache.AspNetCore.History;
using BoundedCache.AspNetCore.Tests.Support;
using BoundedCache.TestSupport;
using Microsoft.Extensions.DependencyInjection;

namespace BoundedCache.AspNetCore.Tests.History;

/// <summary>Who changed what, and what is kept of the hours before.</summary>
public sealed class ChangeHistoryTests
{
    [Fact]
    public async Task It_has_who_changed_what_and_how_it_ended()
    {
        await using AdminHost host = await AdminHost.StartAsync(
            static all => (all.ReadPolicy, all.ChangePolicy) = ("read", "change"), TestUsers.Add);
        await host.PutAsync("api/caches/default/limit", """{"maxMemory": 500}""", TestUsers.Operator);
        await host.PostAsync("api/caches/pages/release", "{}", TestUsers.Operator);
        await host.PostAsync("api/caches/pages/compact", """{"share": 1}""", TestUsers.Operator);
        await host.PostAsync("api/caches/pages/clear", "{}", TestUsers.Operator);
        await host.PostAsync("api/memory", "{}", TestUsers.Operator);

        JsonArray changes = (await host.GetAsync("api/history", TestUsers.Reader))
            .AssertOk().Json["changes"]!.AsArray();

        Assert.Equal(
            ["limit default", "release pages", "compact pages", "clear pages", "collect "],
            changes.Select(static change => $"{change!["kind"]} {change["cacheName"]}"));
        Assert.All(changes, static change => Assert.Equal("oscar (127.0.0.1)", change!["who"]!.GetValue<string>()));
        Assert.All(changes, static change => Assert.NotNull(change!["outcome"]));
        Assert.Equal(
            (1 << 20, 500, "notRequested"),
            (changes[0]!["oldMaxBytes"]!.GetValue<int>(), changes[0]!["newMaxBytes"]!.GetValue<int>(),
                changes[0]!["outcome"]!.GetValue<string>()));
    }

    [Fact]
    public void A_limit_that_is_seen_while_it_is_being_changed_here_is_nobody_elses_change()
    {
        var history = new ChangeHistory(new EventHub(), TimeProvider.System);
        history.Observe("pages", EntrySizing.Measured, 16);

        history.Change("pages", () =>
        {
            history.Observe("pages", EntrySizing.Measured, 4);
            history.Observe("pages", EntrySizing.Measured, 4);
            return history.Add(new ChangeView("pages", ChangeKind.Limit, "oscar") { NewMaxBytes = 4 });
        });
        history.Observe("pages", EntrySizing.Measured, 4);

        Assert.Equal("oscar", Assert.Single(history.Views).Who);
    }

    [Fact]
    public async Task Who_looks_between_a_changes_end_and_its_record_sees_it_ended()
    {
        Task<IReadOnlyList<ChangeView>>? look = null;
        ChangeHistory history = null!;
        var time = new HookedTime();
        history = new ChangeHistory(new EventHub(), time);
        ChangeView change = history.Add(new ChangeView("pages", ChangeKind.Limit, "oscar") { NewMaxBytes = 4 });
        time.OnRead = () =>
        {
            // Who looks now has looked after the end: with that time nobody would be told of it again.
            look = Task.Run(() => history.Views);
            look.Wait(TimeSpan.FromMilliseconds(200));
        };

        history.End(change, "done");

        Assert.Equal("done", Assert.Single(await look!).Outcome);
    }

    private sealed class HookedTime : TimeProvider
    {
        public Action? OnRead { get; set; }

        public override DateTimeOffset GetUtcNow()
        {
            OnRead?.Invoke();
            return DateTimeOffset.UnixEpoch;
        }
    }

    [Fact]
    public async Task A_limit_that_the_application_set_is_noted_as_that_and_one_that_was_asked_for_is_not()
    {
        var time = new ManualTimeProvider();
        await using AdminHost host = await AdminHost.StartAsync(
            all => (all.AllowLoopback, all.TimeProvider) = (true, time));
        time.Advance(TimeSpan.FromSeconds(1));
        await host.PutAsync("api/caches/default/limit", """{"maxMemory": 5000}""");
        time.Advance(TimeSpan.FromSeconds(1));
        time.Advance(TimeSpan.FromSeconds(1));
        host.Default.MaxMemory = 6000;
        time.Advance(TimeSpan.FromSeconds(1));
        time.Advance(TimeSpan.FromSeconds(1));
        time.Advance(TimeSpan.FromSeconds(1));

        JsonArray changes = (await host.GetAsync("api/history")).AssertOk().Json["changes"]!.AsArray();

        Assert.Equal(
            ["1048576 5000 127.0.0.1", "5000 6000 the application or its configuration"],
            changes.Select(static change => $"{change!["oldMaxBytes"]} {change["newMaxBytes"]} {change["who"]}"));
    }

    [Fact]
    public async Task Everything_that_has_amounts_of_a_cache_says_whether_they_are_bytes()
    {
        await using AdminHost host = await AdminHost.StartAsync(services: static services =>
            services.AddKeyedBoundedMemoryCache("units", static cache =>
                (cache.Sizing, cache.MaxMemory, cache.ReleaseMode) =
                    (EntrySizing.Declared, 1000, ReleaseMode.None)));
        string[] answers =
        [
            (await host.GetAsync("api/caches/units/limit/preview?maxMemory=500")).AssertOk().Text,
            (await host.PutAsync("api/caches/units/limit", """{"maxMemory": 500}""")).AssertOk().Text,
            (await host.PutAsync(
                "api/caches/units/limit", """{"maxMemory": 400}""", "Prefer: respond-async")).Text,
            (await host.PostAsync("api/caches/units/compact", """{"share": 1}""")).AssertOk().Text,
            (await host.PostAsync("api/caches/units/clear", "{}")).AssertOk().Text,
        ];
        await host.PostAsync("api/caches/units/release", "{}");
        JsonNode history = (await host.GetAsync("api/history")).AssertOk().Json;

        Assert.All(answers, static answer => Assert.Contains("\"sizing\":\"declared\"", answer));
        Assert.Contains("limit 1,000 units -> 500 units", answers[1], StringComparison.Ordinal);
        Assert.Equal(
            ["limit", "limit", "compact", "clear", "release"],
            history["changes"]!.AsArray().Select(static change => change!["kind"]!.GetValue<string>()));
        Assert.All(
            history["changes"]!.AsArray().Concat(history["shrinks"]!.AsArray()),
            static each => Assert.Equal("declared", each!["sizing"]!.GetValue<string>()));
        Assert.Contains(host.Log.Admin, static line => line.Text.EndsWith(
            "sets the limit from 1000 to 500 units", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Since_answers_only_what_came_after()
    {
        var time = new ManualTimeProvider();
        await using AdminHost host = await AdminHost.StartAsync(
            all => (all.AllowLoopback, all.TimeProvider) = (true, time));
        for (int i = 0; i < 5; i++)
        {
            time.Advance(TimeSpan.FromSeconds(1));
        }

        await host.PutAsync("api/caches/default/limit", """{"maxMemory": 5000}""");
        JsonNode all = (await host.GetAsync("api/history")).AssertOk().Json;
        string third = all["samples"]![2]!["time"]!.GetValue<string>();
        string last = all["samples"]!.AsArray()[^1]!["time"]!.GetValue<string>();

        // As it came, with the sign of its offset not encoded, encoded, and as another clock writes it.
        foreach (string since in (string[])[
            third, Uri.EscapeDataString(third), third.Replace("+00:00", "Z", StringComparison.Ordinal)])
        {
            JsonNode after = (await host.GetAsync($"api/history?since={since}")).AssertOk().Json;
            Assert.Equal(all["samples"]!.AsArray().Count - 3, after["samples"]!.AsArray().Count);
        }

        time.Advance(TimeSpan.FromMilliseconds(1));
        JsonNode none = (await host.GetAsync(
            $"api/history?since={time.GetUtcNow().UtcDateTime.ToString("O", CultureInfo.InvariantCulture)}"))
            .AssertOk().Json;
        Assert.Empty(none["samples"]!.AsArray());
        Assert.Empty(none["shrinks"]!.AsArray());
        Assert.Empty(none["changes"]!.AsArray());
        Assert.NotEmpty(last);
    }

    [Fact]
    public async Task A_change_that_began_before_since_and_ended_after_it_is_told_with_its_outcome()
    {
        var time = new ManualTimeProvider();
        var running = new TaskCompletionSource<ShrinkReport>();
        var cache = new FakeCache("fake") { Snapshot = new CacheSnapshot { Name = "fake" }, Ending = running.Task };
        await using AdminHost host = await AdminHost.StartAsync(
            all => (all.AllowLoopback, all.TimeProvider) = (true, time),
            services => services.AddSingleton(new BoundedMemoryCacheRegistry([cache])));
        await host.PostAsync("api/caches/fake/release", "{}", "Prefer: respond-async");
        time.Advance(TimeSpan.FromSeconds(2));
        string since = (await LastSampleAsync(host))["time"]!.GetValue<string>();
        JsonNode begun = Assert.Single(await ChangesAsync(host, since))!;
        Assert.Null(begun["outcome"]);
        Assert.Null(begun["ended"]);

        time.Advance(TimeSpan.FromMilliseconds(500));
        running.SetResult(new ShrinkReport { CacheName = "fake", Outcome = ReleaseOutcome.Released });
        JsonNode ended = begun;
        using var hung = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (ended["outcome"] is null)
        {
            Assert.False(hung.IsCancellationRequested, "The change has not ended within 30 s.");
            ended = Assert.Single(await ChangesAsync(host, since))!;
        }

        Assert.Equal("released", ended["outcome"]!.GetValue<string>());
        Assert.Equal("2026-01-01T00:00:02.5+00:00", ended["ended"]!.GetValue<string>());
        time.Advance(TimeSpan.FromSeconds(2));
        Assert.Empty(await ChangesAsync(host, (await LastSampleAsync(host))["time"]!.GetValue<string>()));
    }

    private static async Task<JsonNode> LastSampleAsync(AdminHost host) =>
        (await host.GetAsync("api/history")).AssertOk().Json["samples"]!.AsArray()[^1]!;

    private static async Task<JsonArray> ChangesAsync(AdminHost host, string since) =>
        (await host.GetAsync($"api/history?since={Uri.EscapeDataString(since)}"))
            .AssertOk().Json["changes"]!.AsArray();

    [Theory]
    [InlineData("")]
    [InlineData("yesterday")]
    [InlineData("1e9")]
    [InlineData("2026-13-01T00:00:00Z")]
    public async Task What_is_no_time_is_refused(string since)
    {
        await using AdminHost host = await AdminHost.StartAsync();

        (await host.GetAsync($"api/history?since={since}"))
            .AssertProblem(HttpStatusCode.BadRequest, "since: expected a time", $"got '{since}'.");
    }

    [Fact]
    public void A_day_is_kept_coarser_further_back_with_its_peaks_and_a_bounded_number_of_samples()
    {
        var tiers = new SampleTiers(600, TimeSpan.FromSeconds(1));
        DateTimeOffset start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        const int seconds = 30 * 3600;
        for (int i = 0; i < seconds; i++)
        {
            tiers.Add(new SampleView(start.AddSeconds(i), i % 1800 == 700 ? 1000 : 1, 0, 0, []));
        }

        IReadOnlyList<SampleView> kept = tiers.After(DateTimeOffset.MinValue);

        Assert.InRange(kept.Count, 900, 1000);
        Assert.Equal(kept.OrderBy(static sample => sample.Time).Distinct(), kept);
        DateTimeOffset end = start.AddSeconds(seconds - 1);
        Assert.Equal(end, kept[^1].Time);
        Assert.InRange(end - kept[0].Time, TimeSpan.FromHours(23), TimeSpan.FromHours(25));
        Assert.InRange(kept.Count(static sample => sample.ResidentBytes == 1000), 47, 49);
        Assert.All(
            kept.Zip(kept.Skip(1)),
            static pair => Assert.InRange(pair.Second.Time - pair.First.Time, TimeSpan.Zero, TimeSpan.FromMinutes(20)));
    }

    [Fact]
    public void An_RSS_that_is_not_known_is_null_in_a_sample_and_never_a_peak()
    {
        var tiers = new SampleTiers(1, TimeSpan.FromSeconds(1));
        DateTimeOffset start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        var unknown = SampleView.From(start, new ProcessMemorySnapshot { IsResidentUnknown = true }, []);
        var known = SampleView.From(start.AddSeconds(1), new ProcessMemorySnapshot { ResidentBytes = 5 }, []);
        Assert.Null(unknown.ResidentBytes);
        Assert.Equal(5, known.ResidentBytes);

        foreach (SampleView sample in (SampleView[])[unknown, known, unknown with { Time = start.AddMinutes(2) }])
        {
            tiers.Add(sample);
        }

        Assert.Equal([5, null], tiers.After(DateTimeOffset.MinValue).Select(static sample => sample.ResidentBytes));
    }

    [Fact]
    public void When_the_clock_goes_back_what_was_dated_later_is_dropped_and_samples_stay_in_order()
    {
        var tiers = new SampleTiers(100, TimeSpan.FromSeconds(1));
        DateTimeOffset start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        foreach (int second in (int[])[.. Enumerable.Range(0, 300), .. Enumerable.Range(100, 50)])
        {
            tiers.Add(new SampleView(start.AddSeconds(second), second, 0, 0, []));
        }

        IReadOnlyList<SampleView> kept = tiers.After(DateTimeOffset.MinValue);

        Assert.Equal(kept.OrderBy(static sample => sample.Time).Distinct(), kept);
        Assert.Equal(start.AddSeconds(149), kept[^1].Time);
        Assert.Equal(start.AddSeconds(149), Assert.Single(tiers.After(start.AddSeconds(148))).Time);
    }
}
