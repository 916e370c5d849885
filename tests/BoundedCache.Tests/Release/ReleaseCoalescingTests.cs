using BoundedCache.Release;
using BoundedCache.Tests.Process;
using static BoundedCache.Tests.Process.FakeProcess;

namespace BoundedCache.Tests.Release;

/// <summary>Which requests share a run, and what becomes of each.</summary>
public sealed class ReleaseCoalescingTests : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    private readonly FakeProcess _process = new();
    private readonly MemoryReleaser _releaser;
    private readonly ManualResetEventSlim _entered = new();
    private readonly ManualResetEventSlim _hold = new();

    public ReleaseCoalescingTests() =>
        _releaser = new MemoryReleaser(_process.Memory, new ReleaseThresholds { CallbackPatience = s_patience });

    public void Dispose()
    {
        _hold.Set();
        _entered.Dispose();
        // _hold is not disposed: a thread that a failed test left behind may still wait for it.
    }

    private Task<ReleaseResult> Release(
        Func<TimeSpan, bool>? settle = null, CancellationToken cancellationToken = default) =>
        _releaser.ReleaseAsync(
            new ReleaseRequest { ExpectedBytes = 3 * MiB, Forced = true, WaitForCallbacks = settle },
            cancellationToken);

    private bool HoldSettling(TimeSpan timeout)
    {
        _entered.Set();
        return _hold.Wait(timeout);
    }

    private void HoldFirstCollection() => _process.DuringCollection = count =>
    {
        if (count == 1)
        {
            _entered.Set();
            Assert.True(_hold.Wait(s_patience));
        }
    };

    private void WaitUntilHeld() => Assert.True(_entered.Wait(s_patience));

    [Fact]
    public async Task Requests_that_come_before_the_collection_share_it()
    {
        Task<ReleaseResult> first = Release(HoldSettling);
        WaitUntilHeld();
        Task<ReleaseResult>[] others = [.. Enumerable.Range(0, 50).Select(_ => Release())];
        _hold.Set();

        ReleaseResult result = await first;

        Assert.All(await Task.WhenAll(others), other => Assert.Same(result, other));
        Assert.Equal(1, _process.Collections);
    }

    [Fact]
    public async Task Requests_that_come_during_the_collection_share_the_next()
    {
        HoldFirstCollection();
        Task<ReleaseResult> first = Release();
        WaitUntilHeld();
        Task<ReleaseResult>[] others = [.. Enumerable.Range(0, 50).Select(_ => Release())];
        _hold.Set();

        ReleaseResult[] results = await Task.WhenAll(others);

        Assert.NotSame(await first, results[0]);
        Assert.Single(results.Distinct());
        Assert.Equal(2, _process.Collections);
    }

    [Fact]
    public async Task The_callbacks_of_who_joins_late_are_waited_for_too()
    {
        bool waited = false;
        Task<ReleaseResult> first = Release(HoldSettling);
        WaitUntilHeld();
        Task<ReleaseResult> second = Release(_ => waited |= _process.Collections == 0);
        _hold.Set();

        Assert.Same(await first, await second);
        Assert.True(waited);
    }

    [Fact]
    public async Task A_callback_wait_that_throws_is_contained()
    {
        ReleaseResult result = await Release(static _ => throw new InvalidTimeZoneException());

        Assert.Equal(1, result.Collections);
    }

    [Fact]
    public async Task A_callback_wait_that_never_ends_is_left_behind()
    {
        var releaser = new MemoryReleaser(
            _process.Memory,
            new ReleaseThresholds { CallbackPatience = TimeSpan.FromMilliseconds(1), CallbackGrace = TimeSpan.Zero });
        ProcessMemorySnapshot baseline = _process.Memory.TakeSnapshot();
        var request = new ReleaseRequest
        {
            ExpectedBytes = 30 * MiB,
            Baseline = baseline,
            WaitForCallbacks = timeout => timeout > TimeSpan.Zero && _hold.Wait(s_patience),
        };

        ReleaseResult result = await releaser.ReleaseAsync(request, CancellationToken.None);

        Assert.NotEqual(0, result.Collections);
        Assert.Contains(
            result.Advice, static advice => advice.Contains("callbacks had not finished", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Callbacks_are_given_no_more_than_the_bound()
    {
        TimeSpan given = default;
        await Release(timeout =>
        {
            given = timeout > given ? timeout : given;
            return true;
        });

        Assert.InRange(given, TimeSpan.FromTicks(1), s_patience);
    }

    [Fact]
    public async Task Cancelling_one_wait_leaves_the_others()
    {
        using var cancellation = new CancellationTokenSource();
        Task<ReleaseResult> first = Release(HoldSettling);
        WaitUntilHeld();
        Task<ReleaseResult> second = Release(cancellationToken: cancellation.Token);
        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        _hold.Set();
        Assert.Equal(1, (await first).Collections);
    }

    [Fact]
    public async Task Nothing_is_collected_when_nobody_waits_any_more_and_the_bytes_are_remembered()
    {
        using var cancellation = new CancellationTokenSource();
        Task<ReleaseResult> first = Release(HoldSettling, cancellation.Token);
        WaitUntilHeld();
        await cancellation.CancelAsync();
        _hold.Set();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        ReleaseResult next = await _releaser.ReleaseAsync(
            new ReleaseRequest { ExpectedBytes = 0 }, CancellationToken.None);

        Assert.Equal(1, next.Collections);
        Assert.Equal(1, _process.Collections);
    }

    [Fact]
    public async Task Of_a_request_whose_caller_went_away_only_the_bytes_count()
    {
        using var cancellation = new CancellationTokenSource();
        Task<ReleaseResult> first = _releaser.ReleaseAsync(
            new ReleaseRequest
            {
                ExpectedBytes = MiB,
                Forced = true,
                TrimNative = true,
                WaitForCallbacks = HoldSettling,
            },
            cancellation.Token);
        WaitUntilHeld();
        Task<ReleaseResult> second = _releaser.ReleaseAsync(
            new ReleaseRequest { ExpectedBytes = MiB / 2, Mode = ReleaseMode.Gentle }, CancellationToken.None);
        await cancellation.CancelAsync();
        _hold.Set();

        ReleaseResult result = await second;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        Assert.Equal(ReleaseOutcome.Skipped, result.Outcome);
        Assert.Contains("Only 1.5 MiB could be expected", result.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Requests_combine_whichever_comes_first(bool isSwapped)
    {
        ProcessMemorySnapshot small = _process.Memory.TakeSnapshot();
        _process.LiveBytes += 100 * MiB;
        ProcessMemorySnapshot large = _process.Memory.TakeSnapshot();
        var one = new ReleaseRequest
        {
            ExpectedBytes = 1,
            Mode = ReleaseMode.Full,
            TrimNative = true,
            Forced = true,
            WasDeferred = true,
            Baseline = large,
            ReadCaches = static () => default,
        };
        var other = new ReleaseRequest
        {
            ExpectedBytes = 2,
            Mode = ReleaseMode.Gentle,
            Baseline = small,
            IsOwed = false,
        };

        ReleaseRequest sum = isSwapped ? other.Combine(one) : one.Combine(other);

        Assert.Equal(one with { ExpectedBytes = 3 }, sum);
        Assert.Same(large, one.Combine(other with { Baseline = null }).Baseline);
        Assert.Same(small, (one with { Baseline = null }).Combine(other).Baseline);
    }

    [Fact]
    public void A_token_cancelled_before_starts_nothing()
    {
        Task<ReleaseResult> task = Release(cancellationToken: new CancellationToken(canceled: true));

        Assert.True(task.IsCanceled);
        Assert.Equal(0, _process.Collections);
    }

    [Fact]
    public async Task An_exception_reaches_all_who_share_the_run()
    {
        _process.DuringCollection = static _ => throw new InvalidTimeZoneException();
        Task<ReleaseResult> first = Release(HoldSettling);
        WaitUntilHeld();
        Task<ReleaseResult> second = Release();
        _hold.Set();

        await Assert.ThrowsAsync<InvalidTimeZoneException>(() => first);
        await Assert.ThrowsAsync<InvalidTimeZoneException>(() => second);
    }

    [Fact]
    public async Task The_callers_context_does_not_reach_the_collection()
    {
        var local = new AsyncLocal<string> { Value = "caller" };
        string? seen = "unset";
        string? settling = "unset";
        _process.DuringCollection = _ => seen = local.Value;

        await Release(_ => (settling = local.Value) is null);

        Assert.Null(seen);
        Assert.Null(settling);
    }

    [Fact]
    public async Task Requests_from_many_threads_are_all_answered()
    {
        ReleaseResult[] results = await Task.WhenAll(Enumerable.Range(0, 2000).Select(_ => Task.Run(() => Release())));

        Assert.All(results, static result => Assert.Equal(ReleaseOutcome.Released, result.Outcome));
    }
}
