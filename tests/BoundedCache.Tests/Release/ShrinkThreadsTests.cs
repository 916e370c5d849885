using BoundedCache.Release;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Tests.Release;

/// <summary>However many caches shrink at once, a handful of threads does the work.</summary>
[Collection(ReleasingCache.Collection)]
public sealed class ShrinkThreadsTests
{
    // Of a test that fails: on a busy machine a thousand evictions and their threads take their time.
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(3);

    private static void Until(Func<bool> condition) => Assert.True(SpinWait.SpinUntil(condition, s_patience));

    [Fact]
    public async Task A_thousand_caches_that_shrink_at_once_use_four_threads_and_none_while_they_wait_for_the_release()
    {
        using var test = new ReleasingCache(
            tune: static thresholds => thresholds with { ShrinkPatience = TimeSpan.FromHours(1) });
        using var evict = new ManualResetEventSlim();
        using var release = new ManualResetEventSlim();
        test.Process.DuringCollection = _ => release.Wait(s_patience);
        BoundedMemoryCache[] caches = [.. Enumerable.Range(0, 1000).Select(_ => test.Make())];
        int begun = 0;
        foreach (BoundedMemoryCache cache in caches)
        {
            test.Set(cache, "one", 1, entry => entry.AddExpirationToken(new Faults.Token
            {
                OnDispose = () =>
                {
                    Interlocked.Increment(ref begun);
                    evict.Wait(s_patience);
                },
            }));
        }

        Task<ShrinkReport>[] shrinks = [.. caches.Select(static cache => cache.SetMaxMemoryAsync(1))];

        Until(() => Volatile.Read(ref begun) == 4);
        Assert.Equal(4, test.Releaser.Threads.Threads);
        evict.Set();
        Until(() => test.Process.Collections == 1 && Array.TrueForAll(caches, static cache => cache.Count == 0));
        Until(() => test.Releaser.Threads.Threads == 0);
        Assert.All(shrinks, static shrink => Assert.False(shrink.IsCompleted));
        release.Set();

        Assert.All(await Task.WhenAll(shrinks), static report => Assert.Equal(1, report.EntriesEvicted));
        Array.ForEach(caches, static cache => cache.Dispose());
    }

    [Fact]
    public async Task Work_runs_in_the_context_of_its_caller_on_background_threads_that_are_not_the_pools()
    {
        var threads = new ShrinkThreads(1, s_patience);
        var context = new AsyncLocal<string> { Value = "caller" };
        var seen = new TaskCompletionSource<(string?, string?, bool, bool, TaskScheduler)>();

        threads.Run(() => seen.SetResult((
            context.Value,
            Thread.CurrentThread.Name,
            Thread.CurrentThread.IsBackground,
            Thread.CurrentThread.IsThreadPoolThread,
            TaskScheduler.Current)));

        Assert.Equal(("caller", "BoundedCache shrink", true, false, TaskScheduler.Default), await seen.Task);
    }

    [Fact]
    public async Task Where_no_thread_can_be_started_the_work_runs_all_the_same()
    {
        var threads = new ShrinkThreads(1, s_patience, static _ => throw new InsufficientMemoryException());
        var ran = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        threads.Run(ran.SetResult);

        await ran.Task.WaitAsync(s_patience);
        Until(() => threads.Threads == 0);
    }

    [Fact]
    public async Task What_follows_the_shrink_does_not_hold_its_threads()
    {
        using var test = new ReleasingCache();
        using var gate = new ManualResetEventSlim();
        async Task Follow()
        {
            await test.Cache.SetMaxMemoryAsync(1);
            gate.Wait(s_patience);
        }

        Task[] follow = [.. Enumerable.Range(0, 4).Select(_ => Follow())];

        Until(() => test.Releaser.Threads.Threads == 0);
        gate.Set();
        await Task.WhenAll(follow);
    }

    [Fact]
    public async Task Work_that_blocks_holds_up_no_other()
    {
        var threads = new ShrinkThreads(1, TimeSpan.FromMilliseconds(1));
        using var gate = new ManualResetEventSlim();
        int begun = 0;
        for (int i = 0; i < 5; i++)
        {
            threads.Run(() =>
            {
                Interlocked.Increment(ref begun);
                gate.Wait(s_patience);
            });
        }

        Until(() => Volatile.Read(ref begun) == 5);
        var free = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        threads.Run(free.SetResult);
        await free.Task.WaitAsync(s_patience);

        gate.Set();
        Until(() => threads.Threads == 0);
    }

    [Fact]
    public void An_interrupt_that_comes_too_late_for_the_work_ends_no_thread()
    {
        using var isInside = new ManualResetEventSlim();
        using var mayEnd = new ManualResetEventSlim();
        Thread? first = null;
        Exception? failure = null;
        bool isInterrupted = false;
        bool hasRun = false;
        var threads = new ShrinkThreads(2, s_patience, work =>
        {
            if (first is null)
            {
                first = new Thread(() => failure = Record.Exception(() => work()));
                first.Start();
                return;
            }

            // The threads' lock is held here, and the first one waits for it after its work.
            mayEnd.Set();
            Until(() => Volatile.Read(ref isInterrupted)
                && (first.ThreadState & (ThreadState.WaitSleepJoin | ThreadState.Stopped)) != 0);
            new Thread(work).Start();
        });
        threads.Run(() =>
        {
            isInside.Set();
            mayEnd.Wait(s_patience);
            Thread.CurrentThread.Interrupt();
            Volatile.Write(ref isInterrupted, true);
        });
        Assert.True(isInside.Wait(s_patience));

        threads.Run(() => Volatile.Write(ref hasRun, true));

        Assert.True(first!.Join(s_patience));
        Assert.Null(failure);
        Until(() => Volatile.Read(ref hasRun) && threads.Threads == 0);
    }
}
