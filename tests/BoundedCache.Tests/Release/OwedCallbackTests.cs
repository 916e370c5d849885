using BoundedCache.Entries;
using BoundedCache.Release;
using Microsoft.Extensions.Caching.Memory;
using static BoundedCache.Tests.Process.FakeProcess;

namespace BoundedCache.Tests.Release;

/// <summary>A release that comes before the callbacks have let go of what was evicted is followed by another.</summary>
[Collection(ReleasingCache.Collection)]
public sealed class OwedCallbackTests : OwedReleaseScenario
{
    [Theory]
    [InlineData(ReleaseMode.Full, "aggressive")]
    [InlineData(ReleaseMode.Gentle, "background")]
    public async Task After_slow_callbacks_the_release_follows_in_the_same_mode(ReleaseMode mode, string step)
    {
        using ReleasingCache test = New(Impatient);
        test.Set("one", 200, Slowly);

        ShrinkReport first = await test.Cache.SetMaxMemoryAsync(1, mode);
        test.Process.Steps.Clear();
        Assert.Equal(ReleaseOutcome.Partial, first.Outcome);
        Assert.Contains(": eviction callbacks have not finished.", first.Reason, StringComparison.Ordinal);
        Assert.StartsWith(
            "Eviction callbacks had not finished", Assert.Single(first.Advice), StringComparison.Ordinal);
        Assert.Contains(
            "A release follows by itself when the eviction callbacks have ended.",
            first.Reason,
            StringComparison.Ordinal);
        LetItLook(test.Process);
        Assert.Empty(test.Process.Steps);
        Gate.Set();
        ShrinkReport last = Later(test.Cache, first);

        Assert.Equal(step, test.Process.Steps[0]);
        Assert.Equal((ReleaseOutcome.Released, 42 * MiB), (last.Outcome, last.After.AnonymousBytes));
        Assert.Contains("eviction callbacks had not ended", last.Reason, StringComparison.Ordinal);
        Assert.Empty(last.Advice);
    }

    /// <summary>
    /// The next collection finds the values alive, and their callbacks end before it does: from then on they are dead.
    /// </summary>
    private void EndDuringNextCollection(ReleasingCache test)
    {
        int next = test.Process.Collections + 1;
        test.Process.DuringCollection = count =>
        {
            if (count == next)
            {
                Gate.Set();
                Assert.True(test.Cache.WaitForCallbacks(Patience));
            }

            // Nothing else lives in this process.
            long values = test.Process.AllocatedBytes - (40 * MiB);
            (test.Process.LiveBytes, test.Process.DeadBytes) =
                count == next ? (values + (40 * MiB), 0) : (40 * MiB, values);
        };
    }

    [Fact]
    public async Task After_callbacks_that_ended_during_the_release_another_one_follows()
    {
        using ReleasingCache test = New(Impatient);
        test.Set("one", 200, Slowly);
        test.Process.PendingFinalizers = 0;
        EndDuringNextCollection(test);

        ShrinkReport first = await test.Cache.SetMaxMemoryAsync(1);

        Assert.Equal(ReleaseOutcome.Partial, first.Outcome);
        Assert.Contains(
            "A release follows by itself when the eviction callbacks have ended.",
            first.Reason,
            StringComparison.Ordinal);
        ShrinkReport last = Later(test.Cache, first);
        Assert.Equal((ReleaseOutcome.Released, 42 * MiB), (last.Outcome, last.After.AnonymousBytes));
        Assert.Contains("eviction callbacks had not ended", last.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_owed_for_callbacks_that_end_during_the_release_of_another_cache_is_still_owed()
    {
        using ReleasingCache test = New(Impatient);
        using BoundedMemoryCache other = test.Make();
        test.Set("one", 200, Slowly);
        ShrinkReport first = await test.Cache.SetMaxMemoryAsync(1);
        EndDuringNextCollection(test);

        await other.ReleaseAsync();

        ShrinkReport last = Later(test.Cache, first);
        Assert.Equal((ReleaseOutcome.Released, 42 * MiB), (last.Outcome, last.After.AnonymousBytes));
    }

    [Fact]
    public void What_queued_callbacks_hold_is_in_the_caches_share_until_they_have_run()
    {
        using ReleasingCache test = New();
        test.Set("replaced", 20, Slowly);
        test.Set("removed", 30, Slowly);
        test.Set("plain", 40);
        long charged = test.Cache.UsedMemory;
        Assert.Equal(0, Pending());

        test.Cache.Set("replaced", 0);
        test.Cache.Remove("removed");
        Assert.InRange(Pending(), 50 * MiB, 51 * MiB);
        Assert.InRange(charged, 90 * MiB, 91 * MiB);
        Gate.Set();
        Until(() => Pending() == 0);

        long Pending() => ((ILiveCache)test.Cache).PendingBytes;
    }

    [Fact]
    public async Task Callbacks_that_are_slow_in_one_cache_hold_up_no_other()
    {
        using ReleasingCache test = New(Impatient);
        using BoundedMemoryCache other = test.Make();
        test.Set("one", 200, Slowly);
        test.Set(other, "one", 100);

        ShrinkReport first = await test.Cache.SetMaxMemoryAsync(1);
        ShrinkReport others = await other.SetMaxMemoryAsync(1);
        Assert.Equal((ReleaseOutcome.Released, 242 * MiB), (others.Outcome, others.After.AnonymousBytes));
        Assert.DoesNotContain("follows", others.Reason, StringComparison.Ordinal);
        Assert.Same(first, test.Cache.GetSnapshot().LastReport);
        Gate.Set();

        ShrinkReport last = Later(test.Cache, first);
        Assert.Equal(42 * MiB, last.After.AnonymousBytes);
        Assert.Contains("where 200 MiB were expected back", last.Reason, StringComparison.Ordinal);
        Assert.Same(others, other.GetSnapshot().LastReport);
    }

    [Fact]
    public async Task A_report_that_fell_short_for_the_callbacks_of_another_cache_is_replaced_as_well()
    {
        using ReleasingCache test = New(Impatient);
        using BoundedMemoryCache other = test.Make();
        using var joined = new ManualResetEventSlim();
        test.Set("one", 200, Slowly);
        test.Set(other, "one", 100);
        var held = new ReleaseRequest
        {
            ExpectedBytes = 0,
            Forced = true,
            IsOwed = false,
        };

        // Both join the batch that waits behind this run.
        test.Process.DuringCollection = count => joined.Wait(count == 1 ? Patience : TimeSpan.Zero);
        Task<ReleaseResult> before = test.Releaser.ReleaseAsync(held, CancellationToken.None);
        Until(() => test.Process.Collections == 1);
        Task<ShrinkReport> one = test.Cache.SetMaxMemoryAsync(1);
        Task<ShrinkReport> two = other.SetMaxMemoryAsync(1);
        Until(() => test.Cache.Count == 0 && other.Count == 0 && test.Releaser.Threads.Threads == 0);
        joined.Set();
        await before;
        ShrinkReport[] first = await Task.WhenAll(one, two);
        Assert.All(first, static report => Assert.Equal(ReleaseOutcome.Partial, report.Outcome));
        Gate.Set();

        Assert.Equal(42 * MiB, Later(test.Cache, first[0]).After.AnonymousBytes);
        Assert.Equal(42 * MiB, Later(other, first[1]).After.AnonymousBytes);
    }

    [Fact]
    public async Task Callbacks_that_begin_later_are_not_waited_for()
    {
        using ReleasingCache test = New(Impatient);
        using var later = new ManualResetEventSlim();
        test.Set("one", 200, Slowly);
        ShrinkReport first = await test.Cache.SetMaxMemoryAsync(100 * MiB);
        test.Set("other", 10, entry => entry.PostEvictionCallbacks.Insert(
            0, new PostEvictionCallbackRegistration { EvictionCallback = (_, _, _, _) => later.Wait(Patience) }));
        test.Cache.Remove("other");

        Gate.Set();

        Assert.Equal(52 * MiB, Later(test.Cache, first).After.AnonymousBytes);
        later.Set();
    }

    [Fact]
    public void What_the_callback_that_shrinks_the_cache_holds_follows_when_it_has_ended()
    {
        using ReleasingCache test = New();
        ShrinkReport? first = null;
        test.Set("small", 10);
        test.Set("one", 200, entry => entry.PostEvictionCallbacks.Insert(
            0,
            new PostEvictionCallbackRegistration
            {
                EvictionCallback = (_, _, _, _) =>
                {
                    test.Cache.MaxMemory = 1;
                    Volatile.Write(ref first, test.Cache.GetSnapshot().LastReport);
                    Gate.Wait(Patience);
                },
            }));

        test.Cache.Remove("one");
        Until(() => Volatile.Read(ref first) is not null);
        Gate.Set();

        Assert.Equal(42 * MiB, Later(test.Cache, first).After.AnonymousBytes);
    }

    [Fact]
    public void What_queued_callbacks_hold_is_not_said_to_be_held_by_others_in_a_shrink_from_a_callback()
    {
        using ReleasingCache test = New();
        ShrinkReport? first = null;
        test.Set("large", 200, Slowly);
        test.Set("one", 1, entry => entry.PostEvictionCallbacks.Insert(
            0,
            new PostEvictionCallbackRegistration
            {
                EvictionCallback = (_, _, _, _) =>
                {
                    test.Cache.MaxMemory = 1;
                    Volatile.Write(ref first, test.Cache.GetSnapshot().LastReport);
                },
            }));

        test.Cache.Remove("one");
        Until(() => Volatile.Read(ref first) is not null);

        Assert.Contains(": eviction callbacks have not finished.", first!.Reason, StringComparison.Ordinal);
        Assert.StartsWith(
            "Eviction callbacks had not finished", Assert.Single(first.Advice), StringComparison.Ordinal);
        Gate.Set();
        Assert.Equal(42 * MiB, Later(test.Cache, first).After.AnonymousBytes);
    }
}
