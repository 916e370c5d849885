using System.Net.ServerSentEvents;
using System.Text.Json.Nodes;
using BoundedCache.AspNetCore.Changes;
using BoundedCache.AspNetCore.Events;
using BoundedCache.AspNetCore.History;
using BoundedCache.AspNetCore.Tests.Support;
using BoundedCache.TestSupport;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace BoundedCache.AspNetCore.Tests.Changes;

/// <summary>Clocks, logs and caches that throw where nobody called them.</summary>
public sealed class FaultTests
{
    [Fact]
    public async Task Progress_that_cannot_be_told_is_logged_once_and_the_change_goes_on()
    {
        var time = new ManualTimeProvider();
        var ending = new TaskCompletionSource<ShrinkReport>();
        var cache = new FakeCache("fake") { Ending = ending.Task };
        using var log = new LogLines();
        var events = new EventHub();
        await using IAsyncEnumerator<SseItem<string>> reader =
            events.ReadAsync(static () => [], CancellationToken.None).GetAsyncEnumerator();
        ValueTask<bool> first = reader.MoveNextAsync();
        Assert.True(events.HasReaders);

        Operation operation = Changes(events, time, log).SetLimit(cache, 1, mode: null, "who")!;
        cache.IsBroken = true;
        time.Advance(TimeSpan.FromSeconds(1));
        ending.SetResult(new ShrinkReport { CacheName = "fake" });
        await operation.Ended.WaitAsync(TimeSpan.FromSeconds(30));

        Assert.Equal(OperationState.Completed, operation.State);
        Assert.True(await first);
        Assert.IsType<NotSupportedException>(
            Assert.Single(log.All, static line => line.Name == "ProgressFailed").Failure);
        Assert.Equal(0, time.ActiveTimers);
    }

    [Fact]
    public async Task What_is_told_last_of_a_change_is_its_end_though_a_look_at_it_took_longer()
    {
        var patience = TimeSpan.FromSeconds(30);
        var time = new OneTick();
        var ending = new TaskCompletionSource<ShrinkReport>();
        var cache = new FakeCache("fake") { Ending = ending.Task };
        using var log = new LogLines();
        using var looking = new SemaphoreSlim(0);
        using var go = new ManualResetEventSlim();
        int looks = 0;
        var events = new EventHub();
        await using IAsyncEnumerator<SseItem<string>> reader =
            events.ReadAsync(static () => [], CancellationToken.None).GetAsyncEnumerator();
        Task<bool> next = reader.MoveNextAsync().AsTask();
        cache.OnLook = () =>
        {
            if (Interlocked.Increment(ref looks) == 1)
            {
                looking.Release();
                go.Wait(patience);
            }
        };
        Operation operation = Changes(events, time, log).SetLimit(cache, 1, mode: null, "who")!;
        var tick = Task.Run(() => time.Tick!());
        Assert.True(await looking.WaitAsync(patience));

        // Time in which the end would be told, if it did not wait for the look.
        ending.SetResult(new ShrinkReport { CacheName = "fake" });
        await operation.Ended.WaitAsync(patience);
        await Task.Delay(200);
        go.Set();
        await tick.WaitAsync(patience);

        List<string> states = [];
        while (!states.Contains("completed") && await next.WaitAsync(patience))
        {
            Note();
        }

        events.End();
        while (await next)
        {
            Note();
        }

        Assert.Equal("completed", states[^1]);

        void Note()
        {
            if (reader.Current.EventType == "operation")
            {
                states.Add(JsonNode.Parse(reader.Current.Data)!["state"]!.GetValue<string>());
            }

            next = reader.MoveNextAsync().AsTask();
        }
    }

    [Fact]
    public async Task A_clock_that_makes_no_timer_leaves_the_change_to_its_end()
    {
        var cache = new FakeCache("fake");
        using var log = new LogLines();

        Operation operation = Changes(new EventHub(), new NoTimers(), log).SetLimit(cache, 1, mode: null, "who")!;
        await operation.Ended.WaitAsync(TimeSpan.FromSeconds(30));

        Assert.Equal(OperationState.Completed, operation.State);
        Assert.Equal(["LimitSet", "ProgressFailed", "ChangeEnded"], log.All.Select(static line => line.Name));
    }

    [Fact]
    public async Task A_log_that_throws_stops_no_change()
    {
        await using AdminHost host = await AdminHost.StartAsync(
            services: static all => all.AddSingleton<ILoggerProvider, BrokenLog>());

        (await host.PutAsync("api/caches/default/limit", """{"maxMemory": 4000}""")).AssertOk();

        Assert.Equal(4000, host.Default.MaxMemory);
    }

    private static CacheChanges Changes(EventHub events, TimeProvider time, LogLines log) => new(
        new OperationList(),
        new ShrinkHistory(events, time),
        new ChangeHistory(events, time),
        events,
        time,
        log.CreateLogger("test"));

    /// <summary>A clock whose timer ticks when a test says so, and does not wait for its ticks when it ends.</summary>
    private sealed class OneTick : TimeProvider
    {
        public Action? Tick { get; private set; }

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Tick = () => callback(state);
            return new Timer();
        }

        private sealed class Timer : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => true;

            public void Dispose()
            {
            }

            public ValueTask DisposeAsync() => ValueTask.CompletedTask;
        }
    }

    private sealed class NoTimers : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            throw new NotSupportedException("The clock makes no timers.");
    }

    /// <summary>Throws for what the admin endpoint logs.</summary>
    private sealed class BrokenLog : ILoggerProvider
    {
        public ILogger CreateLogger(string categoryName) =>
            categoryName == "BoundedCache.AspNetCore" ? new Broken() : new LogLines().CreateLogger(categoryName);

        public void Dispose()
        {
        }

        private sealed class Broken : TestLog
        {
            protected override void Write(LogLevel level, EventId id, string message, Exception? failure) =>
                throw new IOException("The log is full.");
        }
    }
}
