using System.Runtime.CompilerServices;
using Microsoft.Extensions.Caching.Memory;
using static BoundedCache.Tests.Process.FakeProcess;

namespace BoundedCache.Tests.Release;

/// <summary>A release that is owed does not depend on who asked for it, or on how the cache goes on.</summary>
[Collection(ReleasingCache.Collection)]
public sealed class OwedCallerTests : OwedReleaseScenario
{
    [Fact]
    public async Task A_shrink_whose_caller_stops_waiting_is_released_and_reported_all_the_same()
    {
        using ReleasingCache test = New();
        using var source = new CancellationTokenSource();
        test.Process.DuringCollection = _ => Gate.Wait(Patience);
        test.Set("one", 200);

        Task<ShrinkReport> task = test.Cache.SetMaxMemoryAsync(1, cancellationToken: source.Token);
        Until(() => test.Process.Collections == 1);
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => task);
        Gate.Set();

        ShrinkReport last = Later(test.Cache, null);
        Assert.Equal((ReleaseOutcome.Released, 42 * MiB), (last.Outcome, last.After.AnonymousBytes));
        Until(() => Log.Count("Shrunk") == 1);
        Assert.Equal(["Shrunk"], Log.Events);
        Assert.Equal(200 * MiB, test.Cache.GetSnapshot().ReleasedBytes);
    }

    [Fact]
    public async Task A_shrink_that_is_cancelled_while_it_evicts_is_released_all_the_same()
    {
        using ReleasingCache test = New();
        using var source = new CancellationTokenSource();
        test.Set("one", 200, entry => entry.AddExpirationToken(new Faults.Token { OnDispose = source.Cancel }));

        Task<ShrinkReport> task = test.Cache.SetMaxMemoryAsync(1, ReleaseMode.Full, source.Token);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => task);
        Assert.True(task.IsCanceled);
        Assert.Equal(42 * MiB, Later(test.Cache, null).After.AnonymousBytes);
        Assert.True(test.IsPaced());
    }

    [Fact]
    public async Task A_cancelled_shrink_that_is_put_off_is_reported_when_it_is_done()
    {
        using ReleasingCache test = New();
        using var source = new CancellationTokenSource();
        test.Process.IsInNoGCRegion = true;
        test.Set("one", 200, entry => entry.AddExpirationToken(new Faults.Token { OnDispose = source.Cancel }));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => test.Cache.SetMaxMemoryAsync(1, ReleaseMode.Full, source.Token));
        ShrinkReport first = Later(test.Cache, null);
        Assert.Equal(ReleaseOutcome.Skipped, first.Outcome);
        test.Process.IsInNoGCRegion = false;

        Assert.Equal(ReleaseOutcome.Released, Later(test.Cache, first).Outcome);
    }

    [Fact]
    public async Task A_release_that_its_caller_took_back_is_not_owed()
    {
        using ReleasingCache test = New();
        using var source = new CancellationTokenSource();
        test.Process.DuringCollection = count => Gate.Wait(count == 1 ? Patience : TimeSpan.Zero);
        Task<ShrinkReport> first = test.Cache.ReleaseAsync();
        Until(() => test.Process.Collections == 1);

        Task<ShrinkReport> second = test.Cache.ReleaseAsync(cancellationToken: source.Token);
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        Gate.Set();
        await first;
        await test.Cache.ReleaseAsync();

        Assert.Equal(2, test.Process.Collections);
    }

    [Fact]
    public async Task Several_caches_are_served_by_one_run_that_is_counted_once()
    {
        using ReleasingCache test = New();
        BoundedMemoryCache[] caches = [test.Cache, test.Make(), test.Make()];
        test.Process.IsInNoGCRegion = true;
        ShrinkReport[] first = new ShrinkReport[caches.Length];
        for (int i = 0; i < caches.Length; i++)
        {
            test.Set(caches[i], "one", 100);
            first[i] = await caches[i].SetMaxMemoryAsync(i + 1);
        }

        test.Process.IsInNoGCRegion = false;

        for (int i = 0; i < caches.Length; i++)
        {
            ShrinkReport last = Later(caches[i], first[i]);
            Assert.Equal((i + 1L, 42 * MiB), (last.NewMaxMemory, last.After.AnonymousBytes));
            Assert.Contains("where 300 MiB were expected back", last.Reason, StringComparison.Ordinal);
        }

        Assert.Equal(1, test.Process.Collections);
        Assert.Equal(300 * MiB, caches.Sum(static cache => cache.GetSnapshot().ReleasedBytes));
    }

    [Fact]
    public async Task New_entries_and_a_higher_limit_meanwhile_are_left_alone()
    {
        using ReleasingCache test = New();
        test.Set("one", 200);
        test.Process.IsInNoGCRegion = true;
        ShrinkReport first = await test.Cache.SetMaxMemoryAsync(1);
        await test.Cache.SetMaxMemoryAsync(1000 * MiB);
        test.Set("new", 300);

        test.Process.IsInNoGCRegion = false;
        ShrinkReport last = Later(test.Cache, first);

        Assert.Equal((ReleaseOutcome.Released, 342 * MiB), (last.Outcome, last.After.AnonymousBytes));
        Assert.Equal((1, 1000 * MiB), (test.Cache.Count, test.Cache.MaxMemory));
        Assert.Empty(last.Advice);
    }

    [Fact]
    public async Task A_disposed_cache_gets_no_report_and_its_memory_goes_all_the_same()
    {
        ReleasingCache test = New();
        test.Set("one", 200);
        test.Process.IsInNoGCRegion = true;
        ShrinkReport first = await test.Cache.SetMaxMemoryAsync(1);
        test.Dispose();

        test.Process.IsInNoGCRegion = false;
        Until(() => test.Process.Collections == 1 && test.Releaser.Threads.Threads == 0);

        Until(() => test.Process.Memory.TakeSnapshot().AnonymousBytes == 42 * MiB);
        Assert.Same(first, test.Cache.GetSnapshot().LastReport);
        Assert.Equal(["Shrunk"], Log.Events);
    }

    [Fact]
    public async Task A_dropped_cache_is_collected_while_its_release_is_owed_and_its_memory_goes_all_the_same()
    {
        using ReleasingCache test = New(Impatient);
        WeakReference dropped = Drop(test);
        test.Process.IsInNoGCRegion = true;
        Gate.Set();

        Assert.True(Eventually.Dead(dropped));
        test.Process.IsInNoGCRegion = false;

        Until(() => test.Process.Memory.TakeSnapshot().AnonymousBytes == 42 * MiB);
        await test.Cache.ReleaseAsync();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private WeakReference Drop(ReleasingCache test)
    {
        BoundedMemoryCache cache = test.Make();
        test.Set(cache, "one", 200, Slowly);
        cache.SetMaxMemoryAsync(1).GetAwaiter().GetResult();
        return new WeakReference(cache);
    }
}
