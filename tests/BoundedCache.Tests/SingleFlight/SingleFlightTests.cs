using BoundedCache.Engine;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Primitives;

namespace BoundedCache.Tests.SingleFlight;

/// <summary>One factory a key at a time, by all ways to ask.</summary>
public sealed class SingleFlightTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    private readonly TaskCompletionSource _gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _runs;

    [Fact]
    public async Task All_who_ask_meanwhile_share_one_factory()
    {
        using var test = new CacheUnderTest();
        Task<string?> first = test.Cache.GetOrCreateAsync("key", MakeAsync);
        Task<string?> byTask = test.Cache.GetOrCreateAsync("key", MakeAsync);
        Task<string?> byValueTask = test.Cache.GetOrCreateAsync("key", (_, _) => MakeAsync(null!)).AsTask();
        Task<string?> blocked = Task.Run(() => test.Cache.GetOrCreate("key", _ => MakeAsync(null!).Result));
        await WaitersAsync(test, "key", 4);
        Assert.False(first.IsCompleted || byTask.IsCompleted || byValueTask.IsCompleted || blocked.IsCompleted);
        _gate.SetResult();

        string?[] results = await Task.WhenAll(first, byTask, byValueTask, blocked).WaitAsync(s_patience);
        Assert.All(results, result => Assert.Same(results[0], result));
        Assert.Same(results[0], test.Cache.Get("key"));
        Assert.Equal((1, 0), (_runs, test.Cache.Engine.Pending.Count));
    }

    [Fact]
    public async Task A_synchronous_factory_serves_asynchronous_callers()
    {
        using var test = new CacheUnderTest();
        Task<int> first = Task.Run(() => test.Cache.GetOrCreate("key", _ =>
        {
            _gate.Task.Wait();
            return ++_runs;
        }));
        await WaitersAsync(test, "key", 1);
        Task<int> second = test.Cache.GetOrCreateAsync("key", _ => Task.FromResult(++_runs));
        _gate.SetResult();

        Assert.Equal((1, 1), (await first, await second));
    }

    [Fact]
    public void A_synchronization_context_that_is_busy_is_not_needed()
    {
        using var test = new CacheUnderTest();
        SynchronizationContext? before = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(new Busy());
        try
        {
            foreach (string key in (string[])["a", "b"])
            {
                Task<int> first = test.Cache.GetOrCreateAsync(key, async _ =>
                {
                    await _gate.Task.ConfigureAwait(false);
                    return 7;
                });
                Task<int> second = test.Cache.GetOrCreateAsync(key, static (_, _) => Task.FromResult(8)).AsTask();
                _gate.TrySetResult();

                Assert.True(SpinWait.SpinUntil(
                    () => first.IsCompletedSuccessfully && second.IsCompletedSuccessfully, s_patience));
            }
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(before);
        }
    }

    [Fact]
    public async Task Keys_that_are_equal_share_a_factory_and_others_do_not()
    {
        using var test = new CacheUnderTest();
        Task<string?>[] same =
        [
            test.Cache.GetOrCreateAsync(("user", 1), MakeAsync),
            test.Cache.GetOrCreateAsync((object)ValueTuple.Create("user", 1), MakeAsync),
        ];
        Task<string?>[] text =
        [
            test.Cache.GetOrCreateAsync("key", MakeAsync),
            test.Cache.GetOrCreateAsync(new string("key"), MakeAsync),
        ];
        Task<string?> other = test.Cache.GetOrCreateAsync(("user", 2), MakeAsync);
        Assert.Equal(3, _runs);
        _gate.SetResult();

        Assert.Same(await same[0], await same[1]);
        Assert.Same(await text[0], await text[1]);
        Assert.NotSame(await same[0], await other);
    }

    [Fact]
    public async Task Keys_whose_hashes_clash_fly_apart()
    {
        using var test = new CacheUnderTest();
        Task<string?>[] flights =
            [.. Enumerable.Range(0, 50).Select(i => test.Cache.GetOrCreateAsync(new Clashing(i), MakeAsync))];
        Assert.Equal((50, 50), (_runs, test.Cache.Engine.Pending.Count));
        test.Cache.Remove(new Clashing(25));
        Assert.Equal(49, test.Cache.Engine.Pending.Snapshot().Count(static flight => !flight.IsOvertaken));
        _gate.SetResult();
        await Task.WhenAll(flights);

        Assert.Equal((49, 0), (test.Cache.Count, test.Cache.Engine.Pending.Count));
    }

    [Fact]
    public async Task A_failure_reaches_all_who_wait_and_nothing_is_stored()
    {
        using var test = new CacheUnderTest();
        Task<int> first = test.Cache.GetOrCreateAsync<int>("key", async entry =>
        {
            entry.Value = 5;
            await _gate.Task;
            throw new FormatException("broken");
        });
        Task<int> second = test.Cache.GetOrCreateAsync("key", (_, _) => Task.FromResult(2)).AsTask();
        Task<int> blocked = Task.Run(() => test.Cache.GetOrCreate("key", _ => 3));
        await WaitersAsync(test, "key", 3);
        _gate.SetResult();

        foreach (Task<int> flight in (Task<int>[])[first, second, blocked])
        {
            Assert.Equal("broken", (await Assert.ThrowsAsync<FormatException>(() => flight)).Message);
        }

        Assert.Equal((0, 0), (test.Cache.Count, test.Cache.Engine.Pending.Count));
        Assert.Equal(4, test.Cache.GetOrCreate("key", _ => 4));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_factory_that_disposes_its_entry_changes_nothing(bool fails)
    {
        using var test = new CacheUnderTest();
        Func<ICacheEntry, int> factory = entry =>
        {
            entry.Value = 1;
            entry.Dispose();
            entry.Priority = CacheItemPriority.NeverRemove;
            return fails ? throw new InvalidTimeZoneException() : 2;
        };
        foreach (string key in (string[])["synchronous", "asynchronous"])
        {
            Exception? failure = await Record.ExceptionAsync(async () => Assert.Equal(
                2,
                key == "synchronous"
                    ? test.Cache.GetOrCreate(key, factory)
                    : await test.Cache.GetOrCreateAsync(key, entry => Task.FromResult(factory(entry)))));
            Assert.Equal(fails, failure is InvalidTimeZoneException);
            Assert.Equal(fails ? null : 2, test.Cache.Get(key));
        }

        Assert.Equal(0, test.Cache.GetOrCreate("early", static entry =>
        {
            entry.Dispose();
            return 0;
        }));
        Assert.Equal(0, test.Cache.Get("early"));
    }

    [Fact]
    public async Task A_factory_may_throw_at_once_or_return_no_task()
    {
        using var test = new CacheUnderTest();

        await Assert.ThrowsAsync<FormatException>(
            () => test.Cache.GetOrCreateAsync("key", Task<int> (ICacheEntry _) => throw new FormatException()));
        await Assert.ThrowsAsync<FormatException>(
            async () => await test.Cache.GetOrCreateAsync("key", Task<int> (_, _) => throw new FormatException()));
        Assert.Throws<FormatException>(() => test.Cache.GetOrCreate("key", int (_) => throw new FormatException()));
        Exception none = await Assert.ThrowsAsync<InvalidOperationException>(
            () => test.Cache.GetOrCreateAsync("key", Task<int> (ICacheEntry _) => null!));
        Assert.Contains("'key'", none.Message, StringComparison.Ordinal);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => test.Cache.GetOrCreateAsync(
            "key", static (ICacheEntry _) => Task.FromCanceled<int>(new CancellationToken(true))));

        Assert.Equal((0, 0), (test.Cache.Count, test.Cache.Engine.Pending.Count));
    }

    [Fact]
    public async Task Storing_may_fail_too()
    {
        using CacheUnderTest declared = CacheUnderTest.OfEntries(10);
        await Assert.ThrowsAsync<InvalidOperationException>(
            () => declared.Cache.GetOrCreateAsync("key", static (ICacheEntry _) => Task.FromResult(1)));
        Assert.Throws<InvalidOperationException>(() => declared.Cache.GetOrCreate("key", static _ => 1));

        Assert.Equal((0, 0), (declared.Cache.Count, declared.Cache.Engine.Pending.Count));
        Assert.Equal(1, declared.Cache.GetOrCreate("key", static entry =>
        {
            entry.Size = 2;
            return 1;
        }));
        Assert.Equal(2, declared.Cache.UsedMemory);
    }

    [Fact]
    public async Task What_the_factory_says_of_its_entry_holds()
    {
        using var test = new CacheUnderTest();
        var evicted = new TaskCompletionSource<object?>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var source = new CancellationTokenSource();
        long before = test.Cache.UsedMemory;
        await test.Cache.GetOrCreateAsync("key", async entry =>
        {
            await Task.Yield();
            entry.AbsoluteExpirationRelativeToNow = TimeSpan.FromMinutes(1);
            entry.Size = 5000;
            entry.RegisterPostEvictionCallback((_, value, _, _) => evicted.SetResult(value));
            return 1;
        });
        Assert.InRange(test.Cache.UsedMemory - before, 5000, 6000);
        test.Time.Advance(TimeSpan.FromMinutes(1));
        Assert.False(test.Has("key"));
        Assert.Equal(1, await evicted.Task.WaitAsync(s_patience));

        var options = new MemoryCacheEntryOptions { SlidingExpiration = TimeSpan.FromMinutes(1) };
        options.AddExpirationToken(new CancellationChangeToken(source.Token));
        Assert.Equal(2, await test.Cache.GetOrCreateAsync("key", static _ => Task.FromResult(2), options));
        Assert.Equal(3, test.Cache.GetOrCreate("other", static _ => 3, options));
        test.Time.Advance(TimeSpan.FromSeconds(59));
        Assert.True(test.Has("key") && test.Has("other"));
        source.Cancel();
        Assert.False(test.Has("key") || test.Has("other"));
    }

    [Fact]
    public async Task A_result_that_is_too_large_or_expired_is_answered_and_not_stored()
    {
        using var test = new CacheUnderTest();

        Assert.Equal(
            2_000_000,
            (await test.Cache.GetOrCreateAsync("key", static _ => Task.FromResult(new byte[2_000_000])))!.Length);
        Assert.Equal(1, test.Cache.GetOrCreate("key", entry =>
        {
            entry.AbsoluteExpiration = test.Time.GetUtcNow();
            return 1;
        }));

        Assert.Equal((0, 0), (test.Cache.Count, test.Cache.Engine.Pending.Count));
    }

    [Fact]
    public async Task Null_is_a_result_and_other_types_fail_as_with_the_extension_methods()
    {
        using var test = new CacheUnderTest();
        IMemoryCache extensions = test.Cache;
        Assert.Null(await test.Cache.GetOrCreateAsync("null", static _ => Task.FromResult<string?>(null)));
        Assert.Null(await test.Cache.GetOrCreateAsync("null", static (_, _) => Task.FromResult<int?>(7)));
        Assert.Null(test.Cache.GetOrCreate("null", static _ => "made again"));
        test.Cache.GetOrCreate("five", static _ => 5);
        Assert.Equal(5, test.Cache.GetOrCreate<int?>("five", static _ => 6));
        Assert.Equal(5, test.Cache.GetOrCreate<object>("five", static _ => 6));

        await BothThrow<InvalidCastException>(
            () => test.Cache.GetOrCreateAsync("five", static _ => Task.FromResult("six")),
            () => extensions.GetOrCreateAsync("five", static _ => Task.FromResult("six")));
        await BothThrow<NullReferenceException>(
            () => test.Cache.GetOrCreateAsync("null", static _ => Task.FromResult(6)),
            () => extensions.GetOrCreateAsync("null", static _ => Task.FromResult(6)));
        await BothThrow<InvalidCastException>(
            async () => await Task.FromResult(test.Cache.GetOrCreate("five", static _ => "six")),
            async () => await Task.FromResult(extensions.GetOrCreate("five", static _ => "six")));
        ValueTask<string?> failed = test.Cache.GetOrCreateAsync("five", static (_, _) => Task.FromResult("six"));
        await Assert.ThrowsAsync<InvalidCastException>(async () => await failed);

        static async Task BothThrow<T>(Func<Task> ours, Func<Task> theirs)
            where T : Exception
        {
            await Assert.ThrowsAsync<T>(ours);
            await Assert.ThrowsAsync<T>(theirs);
        }
    }

    [Fact]
    public async Task Who_waits_for_a_result_of_another_type_fails_alone()
    {
        using var test = new CacheUnderTest();
        Task<string?> text = test.Cache.GetOrCreateAsync("key", MakeAsync);
        Task<int> number = test.Cache.GetOrCreateAsync("key", static _ => Task.FromResult(1));
        _gate.SetResult();

        await Assert.ThrowsAsync<InvalidCastException>(() => number);
        Assert.NotNull(await text);
    }

    [Fact]
    public void A_hit_allocates_nothing()
    {
        using var test = new CacheUnderTest();
        test.Cache.Set("key", "value");
        test.Cache.Set(7, "seven");
        object seven = 7;
        long least = Enumerable.Range(0, 100).Min(round =>
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            ValueTask<string?> text = test.Cache.GetOrCreateAsync("key", static (_, _) => Task.FromResult("other"));
            Assert.True(text.IsCompletedSuccessfully);
            Assert.Same("value", text.Result);
            ValueTask<string?> number = test.Cache.GetOrCreateAsync(seven, static (_, _) => Task.FromResult("other"));
            Assert.True(number.IsCompletedSuccessfully);
            Assert.Equal("seven", number.Result);
            _ = test.Cache.GetOrCreate("key", static _ => "other");
            return GC.GetAllocatedBytesForCurrentThread() - before;
        });

        Assert.Equal(0, least);
    }

    [Fact]
    public async Task The_factory_runs_in_the_context_of_the_caller_that_came_first()
    {
        using var test = new CacheUnderTest();
        var local = new AsyncLocal<string> { Value = "first" };
        Task<string?> first = test.Cache.GetOrCreateAsync("key", async _ =>
        {
            await _gate.Task;
            string seen = local.Value!;
            local.Value = "changed";
            return seen;
        });
        local.Value = "second";
        Task<string?> second = test.Cache.GetOrCreateAsync("key", _ => Task.FromResult(local.Value));
        _gate.SetResult();

        Assert.Equal(("first", "first", "second"), (await first, await second, local.Value));
    }

    [Fact]
    public async Task Nothing_of_a_flight_is_kept_by_what_its_factory_started()
    {
        using var test = new CacheUnderTest(static options => options.MaxMemory = 1);
        var end = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        (Task started, WeakReference value) = await FlyAsync();

        Assert.True(Eventually.Dead(value));
        end.SetResult();
        await started;

        async Task<(Task Started, WeakReference Value)> FlyAsync()
        {
            Task? started = null;
            object? value = await test.Cache.GetOrCreateAsync("key", _ =>
            {
                started = Task.Run(() => end.Task);
                return Task.FromResult(new object());
            });
            return (started!, new WeakReference(value));
        }
    }

    [Fact]
    public async Task Entries_that_are_built_around_a_wait_inherit_the_expiration()
    {
        using var test = new CacheUnderTest(static options => options.TrackLinkedCacheEntries = true);
        Task<int> first = BuildAsync("outer of the first");
        Task<int> second = BuildAsync("outer of the second");
        _gate.SetResult();
        await Task.WhenAll(first, second);
        Assert.True(test.Has("outer of the first") && test.Has("outer of the second"));
        test.Time.Advance(TimeSpan.FromSeconds(10));

        Assert.False(test.Has("outer of the first"));
        Assert.False(test.Has("outer of the second"));

        async Task<int> BuildAsync(string outer)
        {
            using ICacheEntry entry = test.Cache.CreateEntry(outer);
            int value = await test.Cache.GetOrCreateAsync("inner", async inner =>
            {
                await _gate.Task;
                inner.AbsoluteExpirationRelativeToNow = TimeSpan.FromSeconds(10);
                return 1;
            });
            entry.Value = value;
            return value;
        }
    }

    [Fact]
    public async Task Disposing_the_cache_ends_all_waits()
    {
        var test = new CacheUnderTest();
        CancellationToken token = default;
        Task<int> first = test.Cache.GetOrCreateAsync("key", async (_, factoryToken) =>
        {
            token = factoryToken;
            await _gate.Task;
            return 1;
        }).AsTask();
        Task<int> blocked = Task.Run(() => test.Cache.GetOrCreate("key", _ => 1));
        await WaitersAsync(test, "key", 2);
        test.Dispose();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => first.WaitAsync(s_patience));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => blocked.WaitAsync(s_patience));
        Assert.True(token.IsCancellationRequested);
        _gate.SetResult();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => test.Cache.GetOrCreateAsync("key", MakeAsync));
        Assert.Throws<ObjectDisposedException>(() => test.Cache.GetOrCreate("key", static _ => 1));
        Assert.Equal((0, 0), (test.Cache.Count, test.Cache.Engine.Pending.Count));
    }

    [Fact]
    public async Task Bad_arguments_are_refused()
    {
        using var test = new CacheUnderTest();

        await Assert.ThrowsAsync<ArgumentNullException>(() => test.Cache.GetOrCreateAsync(null!, MakeAsync));
        await Assert.ThrowsAsync<ArgumentNullException>(
            () => test.Cache.GetOrCreateAsync("key", (Func<ICacheEntry, Task<int>>)null!));
        await Assert.ThrowsAsync<ArgumentNullException>(
            async () =>
                await test.Cache.GetOrCreateAsync("key", (Func<ICacheEntry, CancellationToken, Task<int>>)null!));
        Assert.Throws<ArgumentNullException>(() => test.Cache.GetOrCreate(null!, static _ => 1));
        Assert.Throws<ArgumentNullException>(() => test.Cache.GetOrCreate<int>("key", null!));
    }

    /// <summary>Waits until so many wait for a key's flight.</summary>
    internal static async Task WaitersAsync(CacheUnderTest test, string key, int waiters)
    {
        long started = Environment.TickCount64;
        while ((test.Cache.Engine.Pending.Find(new StringLookup(key)) as Entries.Flight)?.Waiters != waiters)
        {
            Assert.True(Environment.TickCount64 - started < s_patience.TotalMilliseconds, "the callers did not come");
            await Task.Yield();
        }
    }

    private async Task<string> MakeAsync(ICacheEntry entry)
    {
        int run = Interlocked.Increment(ref _runs);
        await _gate.Task;
        return $"made by {run}";
    }

    /// <summary>Runs nothing.</summary>
    private sealed class Busy : SynchronizationContext
    {
        public override void Post(SendOrPostCallback d, object? state)
        {
        }
    }

    private sealed record Clashing(int Id)
    {
        public override int GetHashCode() => 1;
    }
}
