using BoundedCache.TestSupport;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Primitives;

namespace BoundedCache.Tests;

public sealed class SetMaxMemoryTests
{
    [Fact]
    public async Task The_report_says_what_was_evicted_and_that_no_release_was_asked_for()
    {
        using var log = new RecordingLog();
        using CacheUnderTest test = Full(log);

        ShrinkReport report = await test.Cache.SetMaxMemoryAsync(4);

        Assert.Equal(("test", 10L, 4L, 6L, 6L, 4L, 4), (
            report.CacheName, report.OldMaxMemory, report.NewMaxMemory, report.EntriesEvicted, report.BytesEvicted,
            report.UsedMemory, report.Count));
        Assert.Equal(
            (ReleaseMode.None, ReleaseOutcome.NotRequested, 0, TimeSpan.Zero),
            (report.ReleaseMode, report.Outcome, report.Collections, report.GCPause));
        Assert.Contains("No release was asked for", report.Reason, StringComparison.Ordinal);
        Assert.Contains(log.Messages, message => message == report.ToString());
        Assert.InRange(report.EvictionTime, TimeSpan.Zero, report.TotalTime);
        Assert.InRange(report.Before.ResidentBytes, 1, long.MaxValue);
        Assert.InRange(report.After.ResidentBytes, 1, long.MaxValue);
    }

    [Fact]
    public async Task Raising_the_limit_evicts_and_releases_nothing()
    {
        using CacheUnderTest test = Full();

        ShrinkReport report = await test.Cache.SetMaxMemoryAsync(11, ReleaseMode.Full);

        Assert.Equal(
            (10L, 11L, 0L, 10, ReleaseOutcome.NotRequested),
            (report.OldMaxMemory, report.NewMaxMemory, report.EntriesEvicted, report.Count, report.Outcome));
        Assert.Contains("not lowered", report.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_new_limit_holds_when_the_task_is_returned()
    {
        using CacheUnderTest test = Full();
        Task<ShrinkReport> task = test.Cache.SetMaxMemoryAsync(1);

        Assert.Equal(1, test.Cache.MaxMemory);
        await task;
    }

    [Fact]
    public async Task A_shrink_that_frees_next_to_nothing_skips_the_collection_and_says_so()
    {
        using CacheUnderTest test = Full();

        ShrinkReport report = await test.Cache.SetMaxMemoryAsync(1, ReleaseMode.Full);

        // Another test's garbage may cause a collection.
        Assert.True(
            report is { Outcome: ReleaseOutcome.Skipped, Collections: 0 } or { Collections: > 0 }, report.Reason);
        Assert.Equal(1, report.Count);
    }

    [Fact]
    public async Task Cancelled_before_it_begins_it_changes_nothing()
    {
        using CacheUnderTest test = Full();

        Task<ShrinkReport> task = test.Cache.SetMaxMemoryAsync(
            1, cancellationToken: new CancellationToken(canceled: true));

        Assert.True(task.IsCanceled);
        await Assert.ThrowsAsync<TaskCanceledException>(() => task);
        Assert.Equal((10L, 10), (test.Cache.MaxMemory, test.Cache.Count));
    }

    [Fact]
    public async Task Cancelled_while_it_evicts_it_evicts_all_that_is_above_the_limit_and_reports_to_the_log()
    {
        using var log = new RecordingLog();
        using CacheUnderTest test = Full(log);
        using var source = new CancellationTokenSource();
        test.Set("cancels", 1, entry => entry.AddExpirationToken(new DisposedToken(source.Cancel)));
        test.Cache.Keys.Where(static key => !key.Equals("cancels")).ToList().ForEach(key => test.Has(key));

        Task<ShrinkReport> task = test.Cache.SetMaxMemoryAsync(3, ReleaseMode.Full, source.Token);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => task);
        Assert.True(task.IsCanceled);
        Assert.Equal((3L, 3), (test.Cache.MaxMemory, test.Cache.Count));
        Assert.True(Eventually.True(() => log.Count("Shrunk") == 1));
    }

    [Fact]
    public async Task An_unknown_mode_is_refused_and_changes_nothing()
    {
        using CacheUnderTest test = Full();

        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(
            "releaseMode", () => test.Cache.SetMaxMemoryAsync(1, (ReleaseMode)7));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(
            "releaseMode", () => test.Cache.ReleaseAsync((ReleaseMode)7));
        Assert.Equal((10L, 10), (test.Cache.MaxMemory, test.Cache.Count));
    }

    [Fact]
    public async Task A_release_evicts_nothing_and_reports()
    {
        using CacheUnderTest test = Full();

        ShrinkReport kept = await test.Cache.ReleaseAsync(ReleaseMode.None);
        ShrinkReport released = await test.Cache.ReleaseAsync();

        Assert.Equal((10L, 10L, 0L, 10), (kept.OldMaxMemory, kept.NewMaxMemory, kept.EntriesEvicted, kept.Count));
        Assert.Equal(ReleaseOutcome.NotRequested, kept.Outcome);
        Assert.Equal((ReleaseMode.Full, 0L, 10), (released.ReleaseMode, released.EntriesEvicted, released.Count));
        Assert.InRange(released.Collections, 1, 2);
        Assert.InRange(released.GCPause, TimeSpan.FromTicks(1), released.TotalTime);
    }

    [Fact]
    public async Task A_release_that_is_cancelled_before_it_begins_does_not_begin()
    {
        using CacheUnderTest test = Full();

        await Assert.ThrowsAsync<TaskCanceledException>(
            () => test.Cache.ReleaseAsync(cancellationToken: new CancellationToken(canceled: true)));
    }

    private static CacheUnderTest Full(RecordingLog? log = null)
    {
        var test = new CacheUnderTest(
            static options => (options.MaxMemory, options.Sizing) = (10, EntrySizing.Declared), log);
        for (int i = 0; i < 10; i++)
        {
            test.Set(i, i);
        }

        return test;
    }

    /// <summary>A token that reports when its registration is disposed: that is, during an eviction.</summary>
    private sealed class DisposedToken(Action onDisposed) : IChangeToken, IDisposable
    {
        public bool HasChanged => false;

        public bool ActiveChangeCallbacks => true;

        public IDisposable RegisterChangeCallback(Action<object?> callback, object? state) => this;

        public void Dispose() => onDisposed();
    }
}
