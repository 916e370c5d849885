using BoundedCache.Engine;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Tests.SingleFlight;

/// <summary>Factories that would wait for each other for ever get an exception.</summary>
public sealed class FlightDeadlockTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_factory_that_asks_for_its_own_key_fails()
    {
        using var test = new CacheUnderTest();
        BoundedMemoryCache cache = test.Cache;
        Func<Task<int>>[] reentries =
        [
            () => Task.FromResult(cache.GetOrCreate("key", _ => cache.GetOrCreate("key", static _ => 1))),
            () => cache.GetOrCreateAsync("key", _ => cache.GetOrCreateAsync("key", static _ => Task.FromResult(1))),
            () => cache.GetOrCreateAsync("key", async _ =>
            {
                await Task.Yield();
                return cache.GetOrCreate("key", static _ => 1);
            }),
            () => Task.FromResult(cache.GetOrCreate("key", _ =>
                Task.Run(() => cache.GetOrCreateAsync("key", static (_, _) => Task.FromResult(1)).AsTask()).Result)),
        ];
        foreach (Func<Task<int>> reentry in reentries)
        {
            Exception failure = await Assert.ThrowsAnyAsync<Exception>(() => Task.Run(reentry).WaitAsync(s_patience));
            failure = failure is AggregateException all ? all.InnerExceptions.Single() : failure;
            Assert.Contains(
                "'key'", Assert.IsType<InvalidOperationException>(failure).Message, StringComparison.Ordinal);
        }

        Assert.Equal((0, 0), (cache.Count, cache.Engine.Pending.Count));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(20)]
    public async Task One_that_asks_for_it_by_way_of_other_keys_fails(int length)
    {
        using var test = new CacheUnderTest();
        InvalidOperationException failure = await Assert.ThrowsAsync<InvalidOperationException>(
            () => AskAsync(0).WaitAsync(s_patience));

        Assert.Contains("'key 0'", failure.Message, StringComparison.Ordinal);
        Assert.Contains($"'key {length - 1}'", failure.Message, StringComparison.Ordinal);
        Assert.Equal((0, 0), (test.Cache.Count, test.Cache.Engine.Pending.Count));

        Task<int> AskAsync(int i) => i % 2 == 0
            ? test.Cache.GetOrCreateAsync($"key {i % length}", async _ =>
            {
                await Task.Yield();
                return await AskAsync(i + 1);
            })
            : Task.FromResult(
                test.Cache.GetOrCreate($"key {i % length}", _ => AskAsync(i + 1).GetAwaiter().GetResult()));
    }

    [Fact]
    public async Task Two_flows_that_ask_for_each_others_keys_fail()
    {
        using var test = new CacheUnderTest();
        using var other = new CacheUnderTest();
        foreach (BoundedMemoryCache second in (BoundedMemoryCache[])[test.Cache, other.Cache])
        {
            var bothFly = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            Task<int> a = test.Cache.GetOrCreateAsync("a", async _ =>
            {
                await bothFly.Task;
                return await second.GetOrCreateAsync("b", static _ => Task.FromResult(1));
            });
            Task<int> b = second.GetOrCreateAsync("b", async _ =>
            {
                await bothFly.Task;
                return test.Cache.GetOrCreate("a", static _ => 2);
            });
            bothFly.SetResult();

            // The one that came second fails. The other fails with it, because it waits for its result.
            foreach (Task<int> flight in (Task<int>[])[a, b])
            {
                Exception failure = await Assert.ThrowsAsync<InvalidOperationException>(
                    () => flight.WaitAsync(s_patience));
                Assert.Contains("'a'", failure.Message, StringComparison.Ordinal);
                Assert.Contains("'b'", failure.Message, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public async Task A_factory_that_catches_the_failure_goes_on()
    {
        using var test = new CacheUnderTest();

        int value = await test.Cache.GetOrCreateAsync("key", async _ =>
        {
            try
            {
                return await test.Cache.GetOrCreateAsync("key", static _ => Task.FromResult(1));
            }
            catch (InvalidOperationException)
            {
                return 2;
            }
        }).WaitAsync(s_patience);

        Assert.Equal((2, 2), (value, test.Cache.Get("key")));
    }

    [Fact]
    public async Task Factories_may_ask_for_other_keys_at_the_same_time()
    {
        using var test = new CacheUnderTest();
        Task<int> SumAsync(string key, params string[] parts) => test.Cache.GetOrCreateAsync(key, async _ =>
        {
            await Task.Yield();
            return (await Task.WhenAll(parts.Select(part => SumAsync(part)))).Sum() + 1;
        });
        Task<int>[] sums =
        [
            .. Enumerable.Range(0, 100)
                .Select(i => Task.Run(() => SumAsync($"sum {i % 10}", "x", "y", "x", $"z {i % 3}"))),
        ];

        Assert.All(await Task.WhenAll(sums).WaitAsync(s_patience), static sum => Assert.Equal(5, sum));
        Assert.Equal(0, test.Cache.Engine.Pending.Count);
    }

    [Fact]
    public async Task What_a_factory_started_may_ask_for_its_key_once_it_has_ended()
    {
        using var test = new CacheUnderTest();
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Task<int>? started = null;
        await test.Cache.GetOrCreateAsync("key", (ICacheEntry _) =>
        {
            started = Task.Run(async () =>
            {
                await ended.Task;
                return await test.Cache.GetOrCreateAsync("key", static _ => Task.FromResult(2));
            });
            return Task.FromResult(1);
        });
        test.Cache.Remove("key");
        ended.SetResult();

        Assert.Equal(2, await started!.WaitAsync(s_patience));
    }

    [Fact]
    public async Task What_an_inner_factory_started_still_belongs_to_the_outer_one_and_fails()
    {
        using var test = new CacheUnderTest();
        var innerEnded = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Task<int> outer = test.Cache.GetOrCreateAsync("outer", async (ICacheEntry _) =>
        {
            Task<int>? started = null;
            await test.Cache.GetOrCreateAsync("inner", (ICacheEntry _) =>
            {
                started = Task.Run(async () =>
                {
                    await innerEnded.Task;
                    return await test.Cache.GetOrCreateAsync("outer", static _ => Task.FromResult(2));
                });
                return Task.FromResult(1);
            });
            innerEnded.SetResult();
            return await started!;
        });

        Exception failure = await Assert.ThrowsAsync<InvalidOperationException>(() => outer.WaitAsync(s_patience));
        Assert.Contains("'outer'", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("callback")]
    [InlineData("callback by token")]
    [InlineData("disposal")]
    [InlineData("registration")]
    public async Task What_runs_because_a_factory_evicted_an_entry_is_none_of_the_factory(string what)
    {
        using var test = new CacheUnderTest();
        var asked = new TaskCompletionSource<Task<int>>(TaskCreationOptions.RunContinuationsAsynchronously);
        Action ask = () => asked.TrySetResult(test.Cache.GetOrCreateAsync("a", static _ => Task.FromResult(2)));
        var token = new Faults.Token { OnDispose = what == "registration" ? ask : null };
        using (ICacheEntry entry = test.Cache.CreateEntry("evicted"))
        {
            entry.AddExpirationToken(token);
            entry.DisposeValueOnRemoval();
            entry.Value = new Disposal.Value { OnDispose = what == "disposal" ? ask : null };
            if (what.StartsWith("callback", StringComparison.Ordinal))
            {
                entry.RegisterPostEvictionCallback((_, _, _, _) => ask());
            }
        }

        Task<int> a = test.Cache.GetOrCreateAsync("a", async (ICacheEntry _) =>
        {
            if (what is "registration" or "callback by token")
            {
                token.Fire();
            }
            else
            {
                test.Cache.Remove("evicted");
            }

            await asked.Task;
            return 1;
        });

        Assert.Equal((1, 1), (await a.WaitAsync(s_patience), await (await asked.Task).WaitAsync(s_patience)));
    }

    [Fact]
    public async Task A_callback_that_waits_for_a_factory_does_not_make_the_one_that_evicted_wait()
    {
        using var test = new CacheUnderTest();
        var hasJoined = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var hasAsked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Task<int> b = test.Cache.GetOrCreateAsync("b", async (ICacheEntry _) =>
        {
            await hasJoined.Task;
            Task<int> made = test.Cache.GetOrCreateAsync("a", static _ => Task.FromResult(2));
            hasAsked.SetResult();
            return await made;
        });
        test.Set("evicted", 1, entry => entry.RegisterPostEvictionCallback((_, _, _, _) =>
        {
            _ = test.Cache.GetOrCreateAsync("b", static _ => Task.FromResult(3));
            hasJoined.SetResult();
        }));
        Task<int> a = test.Cache.GetOrCreateAsync("a", async (ICacheEntry _) =>
        {
            test.Cache.Remove("evicted");
            await hasAsked.Task;
            return 1;
        });

        Assert.Equal((1, 1), (await a.WaitAsync(s_patience), await b.WaitAsync(s_patience)));
    }

    [Fact]
    public async Task A_flow_that_outlives_many_factories_carries_none_of_them()
    {
        using var test = new CacheUnderTest();
        var flights = new List<WeakReference>();
        Task flow = Task.CompletedTask;
        for (int i = 0; i < 50; i++)
        {
            // Each goes on in the flow of the one before, after that one's factory has ended.
            Task before = flow;
            flow = (await test.Cache.GetOrCreateAsync(
                $"key {i}", (ICacheEntry _) => Task.FromResult(Task.Run(() => FollowAsync(before)))))!;
        }

        await flow.WaitAsync(s_patience);
        GC.Collect();
        Assert.InRange(flights.Count(static flight => flight.IsAlive), 0, 1);

        async Task FollowAsync(Task before)
        {
            await before;
            await test.Cache.GetOrCreateAsync(before, (ICacheEntry _) =>
            {
                flights.Add(new WeakReference(Entries.Flight.Current));
                return Task.FromResult(1);
            });
        }
    }

    [Fact]
    public async Task A_flow_of_factories_that_overlap_carries_those_that_have_not_ended()
    {
        const int Factories = 10_000, Overlap = 3;
        TaskCompletionSource[] begun = Signals(), ended = Signals();
        var table = new PendingStores();
        int longest = 0;
        await FlyAsync(0).WaitAsync(s_patience);

        Assert.Equal(Overlap + 1, longest);

        // Each starts the next one, and ends when some more have begun.
        async Task FlyAsync(int number)
        {
            await (number > Overlap ? ended[number - Overlap - 1].Task : Task.Delay(1));
            Task next;
            using (Entries.Flight.Scope scope = new Entries.Flight(number, number, table).EnterFactory())
            {
                longest = Math.Max(longest, Links(scope));
                begun[number].SetResult();
                next = number + 1 < Factories ? FlyAsync(number + 1) : Task.CompletedTask;
                await begun[Math.Min(number + Overlap, Factories - 1)].Task;
            }

            ended[number].SetResult();
            await next;
        }

        static int Links(Entries.Flight.Scope? scope)
        {
            int links = 0;
            for (; scope is not null; scope = scope.Outer)
            {
                links++;
            }

            return links;
        }

        static TaskCompletionSource[] Signals() =>
        [
            .. Enumerable.Range(0, Factories).Select(
                static _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)),
        ];
    }

    [Fact]
    public void A_caller_that_is_interrupted_before_its_factory_runs_leaves_no_flight_behind()
    {
        using var test = new CacheUnderTest();
        test.Cache.Set("held", 1);
        using var isHeld = new ManualResetEventSlim();
        using var letGo = new ManualResetEventSlim();
        var holder = new Thread(() => test.Cache.Engine.VisitDetails(
            _ =>
            {
                isHeld.Set();
                return !letGo.Wait(s_patience);
            },
            static _ => { }));
        holder.Start();
        Assert.True(isHeld.Wait(s_patience));

        Exception? failure = null;
        bool isInterrupted = false;
        var caller = new Thread(() =>
        {
            failure = Record.Exception(() => test.Cache.GetOrCreate("key", static _ => 1));
            isInterrupted = failure is ThreadInterruptedException || Interruption.IsPending();
        });
        caller.Start();
        Assert.True(SpinWait.SpinUntil(() => test.Cache.Engine.Pending.Count == 1, s_patience));
        caller.Interrupt();
        letGo.Set();
        Assert.True(caller.Join(s_patience));
        Assert.True(holder.Join(s_patience));

        // Others may wait for the flight by then, so its factory runs. The exception comes where the caller waits next,
        // which may be before or after its value is stored.
        Assert.True(isInterrupted);
        Assert.Equal(0, test.Cache.Engine.Pending.Count);
        Assert.InRange(test.Cache.GetOrCreate("key", static _ => 2), 1, 2);
    }

    [Fact]
    public async Task A_caller_after_the_factory_is_none_of_it()
    {
        using var test = new CacheUnderTest();
        Assert.Equal(1, test.Cache.GetOrCreate("key", static _ => 1));
        Assert.Null(Entries.Flight.Current);
        await test.Cache.GetOrCreateAsync("other", static _ => Task.FromResult(1));
        Assert.Null(Entries.Flight.Current);
        await Assert.ThrowsAsync<FormatException>(
            () =>
                test.Cache.GetOrCreateAsync("third", static Task<int> (ICacheEntry _) => throw new FormatException()));
        Assert.Null(Entries.Flight.Current);
    }
}
