using BoundedCache.Pacing;
using BoundedCache.Tests.Release;
using BoundedCache.TestSupport;
using Microsoft.Extensions.Caching.Memory;
using static BoundedCache.Tests.Process.FakeProcess;

namespace BoundedCache.Tests.Pacing;

/// <summary>That a cache tells the pacer what comes and leaves, whatever makes it leave.</summary>
[Collection(ReleasingCache.Collection)]
public sealed class CachePacingTests
{
    private static readonly Dictionary<string, Action<ReleasingCache>> s_ways = new()
    {
        ["remove"] = static test => test.Cache.Remove("large"),
        ["clear"] = static test => test.Cache.Clear(),
        ["compact"] = static test => test.Cache.Compact(1),
        ["replace"] = static test => test.Set("large", 0),
        ["expire"] = static test => test.Time.Advance(TimeSpan.FromHours(1)),
        ["setter"] = static test => test.Cache.MaxMemory = 1,
        ["evict"] = static test => test.Set("larger", 90),
        ["remeasure"] = static test =>
        {
            test.Set("grows", 1);
            test.Cache.Remeasure("grows", 90 * MiB);
        },
    };

    private static readonly Dictionary<string, Action<ReleasingCache>> s_bulk = new()
    {
        ["clear"] = s_ways["clear"],
        ["compact"] = s_ways["compact"],
        ["remove where"] = static test => test.Cache.RemoveWhere(static _ => true),
        ["expire"] = s_ways["expire"],
        ["setter"] = static test => test.Cache.MaxMemory = 40 * MiB,
    };

    public static TheoryData<string> Ways => [.. s_ways.Keys];

    private static ReleasingCache Paced(Action<Action>? runCollection = null) => new(
        static options =>
            (options.PacingShare, options.ReleaseMode, options.MaxMemory) = (0.01, ReleaseMode.None, 100 * MiB),
        runCollection: runCollection);

    /// <summary>A cache of which so much left that writers wait for a collection, which the caller runs.</summary>
    private static ReleasingCache WithWaitingWriters(out Queue<Action> started)
    {
        started = new Queue<Action>();
        ReleasingCache test = Paced(started.Enqueue);
        test.Set("large", 90);
        test.Set("larger", 91);
        return test;
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void What_leaves_is_collected(string way)
    {
        using ReleasingCache test = Paced();
        test.Set("large", 50, static entry => entry.AbsoluteExpirationRelativeToNow = TimeSpan.FromMinutes(30));
        Assert.Equal(0, test.Pacer.Collections);

        s_ways[way](test);

        Assert.Equal(1, test.Pacer.Collections);
    }

    [Fact]
    public void What_comes_has_the_young_generations_compacted()
    {
        using ReleasingCache test = Paced();

        test.Set("large", 50);

        Assert.Equal(1, test.Pacer.YoungCollections);
    }

    [Theory]
    [InlineData(0, EntrySizing.Measured)]
    [InlineData(0.01, EntrySizing.Declared)]
    public void Nothing_is_collected_without_a_share_or_for_sizes_in_an_unknown_unit(double share, EntrySizing sizing)
    {
        using var test = new ReleasingCache(options =>
            (options.PacingShare, options.Sizing, options.ReleaseMode) = (share, sizing, ReleaseMode.None));

        test.Set("large", 50, static entry => entry.Size = 50 * MiB);
        test.Cache.Clear();

        Assert.Equal((0, 0), (test.Pacer.YoungCollections, test.Pacer.Collections));
    }

    [Theory]
    [InlineData(ReleaseMode.Gentle)]
    [InlineData(ReleaseMode.Full)]
    public async Task Pacing_is_suspended_while_a_shrink_evicts_and_resumed_afterwards(ReleaseMode mode)
    {
        using ReleasingCache test = Paced();
        test.Set("large", 50);

        await test.Cache.SetMaxMemoryAsync(40 * MiB, mode);

        Assert.Equal(0, test.Pacer.Collections);
        Assert.True(test.IsPaced());
    }

    /// <summary>Otherwise its own collection begins too early, and writers wait for that.</summary>
    [Theory]
    [InlineData(ReleaseMode.Gentle)]
    [InlineData(ReleaseMode.Full)]
    public async Task It_stays_suspended_however_long_the_shrink_evicts(ReleaseMode mode)
    {
        using var test = new ReleasingCache(static options =>
            (options.PacingShare, options.ReleaseMode, options.MaxMemory) = (0.01, ReleaseMode.None, 4000 * MiB));
        int evicted = 0;
        for (int i = 0; i < 1000; i++)
        {
            test.Set(i, 1, entry => entry.AddExpirationToken(new Faults.Token
            {
                OnDispose = () =>
                {
                    if (++evicted % 200 == 0)
                    {
                        test.Time.Advance(TimeSpan.FromMilliseconds(90));
                        test.Set($"written {evicted}", 0);
                    }
                },
            }));
        }

        await test.Cache.SetMaxMemoryAsync(MiB, mode);

        Assert.InRange(evicted, 999, 1000);
        Assert.Equal((0, 0), (test.Pacer.Collections, test.Pacer.Gate.Waits));
        Assert.True(test.IsPaced());
    }

    [Fact]
    public void What_pressure_evicts_is_collected_at_once_and_holds_no_writer()
    {
        var started = new Queue<Action>();
        using ReleasingCache test = Paced(started.Enqueue);
        test.Set("large", 50);
        IYieldingCache yielding = test.Cache;
        yielding.SetCap(40 * MiB, 100 * MiB);

        Assert.InRange(yielding.EvictDownToLimit(), 50 * MiB, 51 * MiB);

        Assert.Single(started);
        test.Set("small", 1);
        Assert.Equal(0, test.Pacer.Gate.Waits);
    }

    [Theory]
    [InlineData("clear")]
    [InlineData("compact")]
    [InlineData("remove where")]
    [InlineData("expire")]
    [InlineData("setter")]
    public void What_other_bulk_work_removed_holds_no_writer(string way)
    {
        var started = new Queue<Action>();
        using ReleasingCache test = Paced(started.Enqueue);
        test.Set("large", 50, static entry => entry.AbsoluteExpirationRelativeToNow = TimeSpan.FromMinutes(30));

        s_bulk[way](test);

        Assert.Single(started);
        test.Set("small", 1);
        Assert.Equal((0, 1), (test.Pacer.Gate.Waits, test.Cache.Count));
    }

    [Fact]
    public async Task While_a_cache_evicts_and_is_blocked_what_leaves_other_caches_is_collected()
    {
        using ReleasingCache test = Paced();
        using var evicting = new ManualResetEventSlim();
        using var gate = new ManualResetEventSlim();
        test.Set("large", 50, entry => entry.AddExpirationToken(new Faults.Token
        {
            OnDispose = () =>
            {
                evicting.Set();
                gate.Wait(TimeSpan.FromSeconds(30));
            },
        }));
        Task<ShrinkReport> shrink = test.Cache.SetMaxMemoryAsync(40 * MiB, ReleaseMode.Full);
        Assert.True(evicting.Wait(TimeSpan.FromSeconds(30)));

        bool isPaced = test.IsPaced();
        test.Time.Advance(TimeSpan.FromSeconds(10));
        long before = test.Pacer.Collections;
        test.Set("other", 10);
        bool isItselfPaced = test.Pacer.Collections > before;
        gate.Set();
        await shrink;

        Assert.True(isPaced);
        Assert.True(isItselfPaced);
    }

    [Fact]
    public async Task Without_a_release_what_a_shrink_evicts_is_collected()
    {
        using ReleasingCache test = Paced();
        test.Set("large", 50);

        await test.Cache.SetMaxMemoryAsync(40 * MiB, ReleaseMode.None);

        Assert.Equal(1, test.Pacer.Collections);
        Assert.True(test.IsPaced());
    }

    [Fact]
    public async Task What_a_shrink_evicted_is_settled_by_its_release()
    {
        using ReleasingCache test = Paced();
        test.Set("large", 50);
        await test.Cache.SetMaxMemoryAsync(40 * MiB, ReleaseMode.Full);

        test.Set("other", 2);

        Assert.Equal(0, test.Pacer.Collections);
    }

    [Fact]
    public void A_write_that_is_interrupted_while_it_waits_for_the_collector_is_done()
    {
        using ReleasingCache test = WithWaitingWriters(out Queue<Action> started);
        Exception? thrown = null;
        var writer = new Thread(() => thrown = Record.Exception(
            () => test.Set("other", 1, static entry => entry.SetAbsoluteExpiration(TimeSpan.FromMinutes(30)))));
        writer.Start();
        Assert.True(SpinWait.SpinUntil(
            () => test.Pacer.Gate.Waiting == 1 || !writer.IsAlive, TimeSpan.FromSeconds(30)));

        writer.Interrupt();

        Assert.True(writer.Join(TimeSpan.FromSeconds(30)));
        Assert.Null(thrown);
        test.Time.Advance(TimeSpan.FromHours(1));
        Assert.False(test.Cache.TryGetValue("other", out _));
        Assert.Equal(1, test.Cache.Count);
    }

    [Fact]
    public async Task A_write_that_waits_for_the_collector_is_counted_and_removals_do_not_wait()
    {
        using ReleasingCache test = WithWaitingWriters(out Queue<Action> started);
        Assert.Single(started);
        test.Cache.Remove("larger");
        Assert.Equal((1, 1), (test.Pacer.Gate.Waits, test.Cache.GetSnapshot().WriterWaits));

        Task write = Task.Run(() => test.Set("other", 1));
        SpinWait.SpinUntil(() => test.Pacer.Gate.Waiting == 1 || write.IsCompleted);
        started.Dequeue()();
        await write.WaitAsync(TimeSpan.FromSeconds(30));

        CacheSnapshot snapshot = test.Cache.GetSnapshot();
        Assert.Equal(2, snapshot.WriterWaits);
        Assert.True(snapshot.WriterWaitTime > TimeSpan.Zero);
    }

    [Fact]
    public void A_write_that_is_stored_in_a_second_try_waits_once()
    {
        var started = new Queue<Action>();
        Action mark = static () => { };
        using var test = new ReleasingCache(
            options =>
            {
                (options.PacingShare, options.ReleaseMode, options.MaxMemory) = (0.01, ReleaseMode.None, 100 * MiB);
                options.AddSizer<Disposable>(_ =>
                {
                    mark();
                    return 1;
                });
            },
            runCollection: started.Enqueue);
        test.Set("large", 90);
        test.Set("larger", 91);
        long before = test.Pacer.Gate.Waits;
        long inner = 0;

        // From the first value that is to be disposed on, other values must be watched: the write that has begun is
        // not stored, and tries again.
        mark = () =>
        {
            mark = static () => { };
            using (ICacheEntry marked = test.Cache.CreateEntry("marked"))
            {
                marked.DisposeValueOnRemoval().Value = new Disposable();
            }

            inner = test.Pacer.Gate.Waits - before;
        };
        test.Cache.Set("one", new Disposable());

        Assert.Equal((1, 2), (inner, test.Pacer.Gate.Waits - before));
        Assert.Equal(3, test.Cache.Count);
    }

    [Fact]
    public void Writes_to_a_disposed_cache_do_not_wait()
    {
        using ReleasingCache test = WithWaitingWriters(out Queue<Action> started);
        Assert.Single(started);
        long before = test.Pacer.Gate.Waits;

        // The cache is disposed when the write has begun, while its tokens are subscribed to.
        test.Set("other", 1, entry => entry.AddExpirationToken(new Faults.Token { OnRegister = test.Cache.Dispose }));

        Assert.Equal(before, test.Pacer.Gate.Waits);
    }

    [Fact]
    public void A_collection_of_pacing_that_fails_is_logged_once()
    {
        using var log = new RecordingLog();
        var started = new Queue<Action>();
        using var test = new ReleasingCache(
            static options => (options.PacingShare, options.ReleaseMode, options.MaxMemory) =
                (0.01, ReleaseMode.None, 100 * MiB),
            log,
            started.Enqueue);
        test.Process.DuringStep = static step =>
        {
            if (step is "background" or "blocking")
            {
                throw new InsufficientMemoryException("No memory for a collection.");
            }
        };

        for (int i = 0; i < 3; i++)
        {
            test.Time.Advance(TimeSpan.FromMinutes(1));
            test.Set("large", 90 + i);
            test.Set("larger", 90 + i);
            while (started.TryDequeue(out Action? collect))
            {
                collect();
            }
        }

        Assert.Equal(1, log.Count("PacingFailed"));
    }

    private sealed class Disposable : IDisposable
    {
        void IDisposable.Dispose()
        {
        }
    }
}
