using System.Text.Json.Nodes;
using BoundedCache.AspNetCore.Changes;
using BoundedCache.AspNetCore.Events;
using BoundedCache.AspNetCore.History;
using BoundedCache.AspNetCore.Tests.Support;
using BoundedCache.TestSupport;
using Microsoft.Extensions.DependencyInjection;

namespace BoundedCache.AspNetCore.Tests.History;

/// <summary>Which of a cache's reports is the newest.</summary>
public sealed class ShrinkHistoryTests
{
    private readonly ManualTimeProvider _time = new();
    private readonly ShrinkHistory _history;

    public ShrinkHistoryTests() => _history = new ShrinkHistory(new EventHub(), _time);

    [Theory]
    [InlineData(1, 2, "raised")]
    [InlineData(2, 1, "lowered")]
    public void A_report_that_comes_late_does_not_hide_that_of_a_later_operation(
        long lowered, long raised, string expected)
    {
        _history.Note(new ShrinkReport { CacheName = "a", OldMaxMemory = 1, NewMaxMemory = 3, Started = raised });
        _time.Advance(TimeSpan.FromSeconds(2));
        var late = new ShrinkReport { CacheName = "a", OldMaxMemory = 9, NewMaxMemory = 1, Started = lowered };
        _history.Note(late);

        ShrinkView newest = _history.Newest("a", late)!;

        Assert.Equal(expected == "raised" ? 3 : 1, newest.NewMaxBytes);
    }

    [Fact]
    public void A_report_that_comes_late_has_a_time_before_that_of_a_later_operation()
    {
        _history.Note(new ShrinkReport { CacheName = "a", OldMaxMemory = 1, NewMaxMemory = 3, Started = 2 });
        DateTimeOffset raised = _time.GetUtcNow();
        _time.Advance(TimeSpan.FromSeconds(6));

        ShrinkView late = _history.Note(
            new ShrinkReport { CacheName = "a", OldMaxMemory = 9, NewMaxMemory = 1, Started = 1 });
        ShrinkView other = _history.Note(
            new ShrinkReport { CacheName = "b", OldMaxMemory = 9, NewMaxMemory = 1, Started = 1 });

        Assert.Equal(raised - TimeSpan.FromMilliseconds(1), late.Time);
        Assert.Equal(raised + TimeSpan.FromSeconds(6), other.Time);
    }

    [Theory]
    [InlineData(1, 2)]
    [InlineData(2, 1)]
    public void Several_reports_that_come_late_all_have_times_before_it(long firstLate, long secondLate)
    {
        DateTimeOffset now = _time.GetUtcNow();
        foreach (long started in (long[])[3, firstLate, secondLate])
        {
            _history.Note(
                new ShrinkReport { CacheName = "a", OldMaxMemory = 9, NewMaxMemory = started, Started = started });
            _time.Advance(TimeSpan.FromSeconds(6));
        }

        Assert.Equal(now, _history.Views[0].Time);
        Assert.All(_history.Views.Skip(1), view => Assert.True(view.Time < now, $"{view.Time:O}"));
    }

    [Fact]
    public void The_last_report_of_a_cache_is_recorded_once_though_an_older_one_came_after_it()
    {
        var last = new ShrinkReport { CacheName = "a", OldMaxMemory = 9, NewMaxMemory = 1, Started = 2 };
        ShrinkView first = _history.Note(last);
        _history.Note(last with { Started = 1 });
        for (int i = 0; i < ShrinkHistory.Most; i++)
        {
            _history.Note(new ShrinkReport { CacheName = "b", Started = i });
        }

        Assert.Same(first, _history.Note(last));
        Assert.DoesNotContain(_history.Views, static view => view.CacheName == "a");
    }

    [Fact]
    public async Task A_report_that_comes_late_is_told_to_who_asks_what_came_since()
    {
        var cache = new FakeCache("fake") { Snapshot = new CacheSnapshot { Name = "fake" } };
        await using AdminHost host = await AdminHost.StartAsync(
            all => (all.AllowLoopback, all.TimeProvider) = (true, _time),
            services => services.AddSingleton(new BoundedMemoryCacheRegistry([cache])));
        foreach (long started in (long[])[2, 1])
        {
            JsonNode before = (await host.GetAsync("api/history")).AssertOk().Json;
            string since = before["samples"]!.AsArray()[^1]!["time"]!.GetValue<string>();
            cache.Snapshot = cache.Snapshot with
            {
                LastReport = new ShrinkReport
                {
                    CacheName = "fake",
                    OldMaxMemory = 9,
                    NewMaxMemory = started,
                    Started = started,
                },
            };
            _time.Advance(TimeSpan.FromSeconds(3));

            JsonNode after = (await host.GetAsync($"api/history?since={Uri.EscapeDataString(since)}")).AssertOk().Json;
            JsonNode shrink = after["shrinks"]!.AsArray()[^1]!;
            Assert.Equal(started, shrink["newMaxBytes"]!.GetValue<long>());
            Assert.Equal(3 - started, shrink["number"]!.GetValue<int>());
        }
    }

    [Fact]
    public void Of_reports_that_do_not_say_when_they_began_the_one_that_was_seen_last_is_the_newest()
    {
        var lowered = new ShrinkReport { CacheName = "a", OldMaxMemory = 9, NewMaxMemory = 1 };
        _history.Note(lowered);
        _time.Advance(TimeSpan.FromSeconds(2));
        _history.Note(new ShrinkReport { CacheName = "a", OldMaxMemory = 1, NewMaxMemory = 3 });

        Assert.Equal(3, _history.Newest("a", lowered)!.NewMaxBytes);
    }
}
