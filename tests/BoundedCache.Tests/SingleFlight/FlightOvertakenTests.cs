using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Tests.SingleFlight;

/// <summary>Writes and removals during a flight win over its result.</summary>
public sealed class FlightOvertakenTests
{
    private static readonly object s_key = ("not", "a string");

    public static TheoryData<string, bool> Writes => new()
    {
        { "Remove", false },
        { "Clear", false },
        { "Set", true },
        { "Set with a time", true },
        { "SetWithSize", true },
        { "entry", true },
        { "extension", true },
        { "too large", false },
        { "expired", false },
        { "RemoveWhere", false },
    };

    [Theory]
    [MemberData(nameof(Writes))]
    public async Task A_write_wins_for_later_readers(string write, bool stores)
    {
        foreach (object key in (object[])["key", s_key])
        {
            using var test = new CacheUnderTest();
            var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            Task<string?> flight = test.Cache.GetOrCreateAsync(key, async _ =>
            {
                await gate.Task;
                return "flight";
            });
            Write(test, key, write);
            Assert.All(test.Cache.Engine.Pending.Snapshot(), static flight => Assert.True(flight.IsOvertaken));

            // Who asks now does not wait for the old factory.
            Assert.Equal(
                stores ? "written" : "later",
                await test.Cache.GetOrCreateAsync(key, static _ => Task.FromResult("later")));
            gate.SetResult();

            Assert.Equal("flight", await flight);
            Assert.Equal(stores ? "written" : "later", test.Cache.Get(key));
        }
    }

    [Theory]
    [MemberData(nameof(Writes))]
    public async Task The_entrys_callbacks_are_told(string write, bool stores)
    {
        using var test = new CacheUnderTest();
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var told = new TaskCompletionSource<(object?, EvictionReason)>(
            TaskCreationOptions.RunContinuationsAsynchronously);
        Task<int> flight = test.Cache.GetOrCreateAsync("key", async entry =>
        {
            entry.RegisterPostEvictionCallback((_, value, reason, _) => told.SetResult((value, reason)));
            await gate.Task;
            return 1;
        });
        Write(test, "key", write);
        gate.SetResult();
        await flight;

        (object? value, EvictionReason reason) = await told.Task.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(
            (1, write.StartsWith('R') || write == "Clear" ? EvictionReason.Removed : EvictionReason.Replaced),
            (value, reason));
        Assert.Equal(stores ? 1 : 0, test.Cache.Count);
    }

    [Theory]
    [MemberData(nameof(Writes))]
    public async Task Those_who_wait_all_the_same_are_told_when_the_cache_is_disposed(string write, bool stores)
    {
        var patience = TimeSpan.FromSeconds(30);
        foreach (object key in (object[])["key", s_key])
        {
            using var test = new CacheUnderTest();
            var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            Task<int> flight = test.Cache.GetOrCreateAsync(key, async (_, token) =>
            {
                try
                {
                    await Task.Delay(Timeout.Infinite, token);
                    return 1;
                }
                finally
                {
                    stopped.SetResult();
                }
            }).AsTask();
            Write(test, key, write);
            Task<string?> later = test.Cache.GetOrCreateAsync(
                key, static _ => new TaskCompletionSource<string?>().Task);
            test.Cache.Dispose();

            await Assert.ThrowsAsync<ObjectDisposedException>(() => flight.WaitAsync(patience));
            await stopped.Task.WaitAsync(patience);
            if (stores)
            {
                Assert.Equal("written", await later);
            }
            else
            {
                await Assert.ThrowsAsync<ObjectDisposedException>(() => later.WaitAsync(patience));
            }

            Assert.Equal(0, test.Cache.Engine.Pending.Count);
        }
    }

    [Fact]
    public async Task Compact_evictions_and_other_keys_leave_flights_alone()
    {
        using var test = new CacheUnderTest();
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Task<int> flight = test.Cache.GetOrCreateAsync("key", async _ =>
        {
            await gate.Task;
            return 1;
        });
        test.Cache.Compact(1);
        test.Cache.Remove("other");
        test.Cache.Set("other", new byte[900_000]);
        test.Cache.Set("another", new byte[900_000]);
        Assert.Equal(0, test.Cache.RemoveWhere(static key => key is not "key" and not "another"));
        gate.SetResult();
        await flight;

        Assert.Equal(1, test.Cache.Get("key"));
    }

    [Fact]
    public async Task An_expired_result_does_not_remove_what_overtook_it()
    {
        using var test = new CacheUnderTest();
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Task<int> flight = test.Cache.GetOrCreateAsync("key", async entry =>
        {
            await gate.Task;
            entry.AbsoluteExpiration = test.Time.GetUtcNow();
            return 1;
        });
        test.Cache.Set("key", 2);
        gate.SetResult();
        await flight;

        Assert.Equal(2, test.Cache.Get("key"));
    }

    [Fact]
    public void A_factory_that_writes_its_own_key_overtakes_itself()
    {
        using var test = new CacheUnderTest();

        Assert.Equal(1, test.Cache.GetOrCreate("key", _ =>
        {
            test.Cache.Set("key", 2);
            return 1;
        }));
        Assert.Equal(2, test.Cache.Get("key"));
    }

    /// <summary>
    /// The write has looked for flights before this one began, and stores after it found the key missing.
    /// </summary>
    [Fact]
    public async Task A_flight_that_begins_in_the_middle_of_a_write_is_overtaken()
    {
        using var test = new CacheUnderTest();
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Task<int>? flight = null;
        test.Cache.Set(new Asking(1), 1);
        var key = new Asking(2) { OnCompare = Begin };
        test.Cache.Set(key, 5);
        Assert.NotNull(flight);
        gate.SetResult();

        Assert.Equal(2, await flight);
        Assert.Equal(5, test.Cache.Get(new Asking(2)));

        void Begin() => flight ??= test.Cache.GetOrCreateAsync(new Asking(2), async _ =>
        {
            await gate.Task;
            return 2;
        });
    }

    /// <summary>Otherwise a write might never end beside a stream of misses.</summary>
    [Fact]
    public void A_write_is_not_held_up_by_flights_of_other_keys_that_begin_meanwhile()
    {
        using var test = new CacheUnderTest();
        var gate = new TaskCompletionSource<int>();
        int others = 0;
        test.Cache.Set(new Asking(1), 1);
        test.Cache.Set(new Asking(2) { OnCompare = Begin }, 5);

        Assert.InRange(others, 1, 500);
        Assert.Equal(5, test.Cache.Get(new Asking(2)));

        void Begin()
        {
            if (others < 1000)
            {
                _ = test.Cache.GetOrCreateAsync($"other {others++}", _ => gate.Task);
            }
        }
    }

    [Fact]
    public async Task What_was_stored_before_a_flight_could_be_found_is_its_result()
    {
        using var test = new CacheUnderTest();
        test.Cache.Set(new Asking(1), 1);
        bool stored = false;
        var key = new Asking(2)
        {
            OnCompare = () =>
            {
                if (!stored)
                {
                    stored = true;
                    test.Cache.Set(new Asking(2), 5);
                }
            },
        };

        Assert.Equal(5, await test.Cache.GetOrCreateAsync(
            key, static Task<int> (ICacheEntry _) => throw new InvalidOperationException("the factory ran")));
        Assert.True(stored);
        Assert.Equal(0, test.Cache.Engine.Pending.Count);
    }

    /// <summary>
    /// A write that holds the lock did not see the flight, so the flight must see what it writes.
    /// </summary>
    [Fact]
    public void A_flight_begins_after_the_write_that_is_under_way()
    {
        using var test = new CacheUnderTest();
        bool ran = false;
        var caller = new Thread(() => Record.Exception(() => test.Cache.GetOrCreate("key", _ => Run())))
        {
            IsBackground = true,
        };
        using (test.Cache.Engine.Lock.Enter())
        {
            caller.Start();
            Assert.True(SpinWait.SpinUntil(
                () => Volatile.Read(ref ran) || (caller.ThreadState & ThreadState.WaitSleepJoin) != 0,
                TimeSpan.FromSeconds(30)));
            Assert.Equal((false, 1), (ran, test.Cache.Engine.Pending.Count));
        }

        caller.Join();
        Assert.True(ran);

        int Run()
        {
            Volatile.Write(ref ran, true);
            return 1;
        }
    }

    /// <summary>
    /// A removal of a key with an <c>Equals</c> of its own takes no lock where it finds nothing. It must not mark a
    /// flight in the middle of its store: the store would go on, and the removal not find what it stores.
    /// </summary>
    [Fact]
    public void A_removal_marks_a_flight_before_or_after_its_store()
    {
        using var test = new CacheUnderTest();
        Task<int> flight = test.Cache.GetOrCreateAsync(s_key, static _ => new TaskCompletionSource<int>().Task);
        var pending = (Entries.Flight)test.Cache.Engine.Pending.Snapshot().Single();
        var remover = new Thread(() => test.Cache.Remove(s_key)) { IsBackground = true };
        using (test.Cache.Engine.Lock.Enter())
        {
            remover.Start();
            Assert.True(SpinWait.SpinUntil(
                () => pending.IsOvertaken || (remover.ThreadState & ThreadState.WaitSleepJoin) != 0,
                TimeSpan.FromSeconds(30)));
            Assert.False(pending.IsOvertaken);
        }

        remover.Join();
        Assert.True(pending.IsOvertaken);
        Assert.False(flight.IsCompleted);
    }

    /// <summary>All have one hash code, and tell when they are compared.</summary>
    private sealed class Asking(int id)
    {
        public Action? OnCompare { get; init; }

        private int Id => id;

        public override int GetHashCode() => 1;

        public override bool Equals(object? obj)
        {
            OnCompare?.Invoke();
            (obj as Asking)?.OnCompare?.Invoke();
            return obj is Asking other && other.Id == id;
        }
    }

    private static void Write(CacheUnderTest test, object key, string write)
    {
        switch (write)
        {
            case "Remove":
                test.Cache.Remove(key);
                break;
            case "Clear":
                test.Cache.Clear();
                break;
            case "RemoveWhere":
                Assert.Equal(0, test.Cache.RemoveWhere(other => other.Equals(key)));
                break;
            case "Set":
                test.Cache.Set(key, "written");
                break;
            case "Set with a time":
                test.Cache.Set(key, "written", TimeSpan.FromMinutes(1));
                break;
            case "SetWithSize":
                test.Cache.SetWithSize(key, "written", 10);
                break;
            case "entry":
                test.Set(key, "written");
                break;
            case "extension":
                Assert.Equal("written", ((IMemoryCache)test.Cache).GetOrCreate(key, static _ => "written"));
                break;
            case "too large":
                test.Cache.Set(key, new byte[2_000_000]);
                break;
            default:
                test.Cache.Set(key, "written", test.Time.GetUtcNow());
                break;
        }
    }
}
