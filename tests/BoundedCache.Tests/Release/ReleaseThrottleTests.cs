using BoundedCache.Release;
using BoundedCache.Tests.Process;
using static BoundedCache.Tests.Process.FakeProcess;

namespace BoundedCache.Tests.Release;

/// <summary>Releases that follow each other closely.</summary>
public sealed class ReleaseThrottleTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    private readonly FakeProcess _process = new() { LiveBytes = 400 * MiB };

    private MemoryReleaser Releaser(TimeSpan window) =>
        new(_process.Memory, new ReleaseThresholds { StormWindow = window });

    private Task<ReleaseResult> Release(MemoryReleaser releaser, long bytes, bool forced = false)
    {
        _process.LiveBytes -= bytes;
        _process.DeadBytes += bytes;
        return releaser.ReleaseAsync(
            new ReleaseRequest { ExpectedBytes = bytes, Forced = forced }, CancellationToken.None);
    }

    [Fact]
    public async Task Of_many_small_changes_in_a_row_the_first_and_a_large_gain_are_released_at_once()
    {
        MemoryReleaser releaser = Releaser(TimeSpan.FromDays(1));

        for (int i = 0; i < 90; i++)
        {
            await Release(releaser, 4 * MiB);
        }

        Assert.Equal(2, _process.Collections);
    }

    [Fact]
    public async Task A_release_that_is_put_off_says_so_and_when_it_comes()
    {
        MemoryReleaser releaser = Releaser(TimeSpan.FromDays(1));
        await Release(releaser, 40 * MiB);

        ReleaseResult second = await Release(releaser, 40 * MiB);

        // Less than the 86,400 s by as long as this thread was held up.
        Assert.Equal(ReleaseOutcome.Skipped, second.Outcome);
        Assert.Matches(
            @"one release follows for all further changes, in 8[56]\d{3}\.\d s at the latest\.", second.Reason);
    }

    [Fact]
    public async Task What_was_put_off_is_released_once_the_storm_has_passed_though_nobody_asks_again()
    {
        using var done = new ManualResetEventSlim();
        _process.DuringCollection = count => Set(done, count == 2);
        MemoryReleaser releaser = Releaser(TimeSpan.FromMilliseconds(50));
        await Release(releaser, 40 * MiB);

        // More than one may be put off, or none where this thread was held up; the second collection comes
        // either way, and takes all.
        await Release(releaser, 40 * MiB);

        Assert.True(done.Wait(s_patience));
    }

    [Fact]
    public async Task Who_asks_in_person_is_not_put_off()
    {
        MemoryReleaser releaser = Releaser(TimeSpan.FromDays(1));
        await Release(releaser, 40 * MiB);

        Assert.Equal(1, (await Release(releaser, 0, forced: true)).Collections);
        Assert.Equal(1, (await Release(releaser, 0, forced: true)).Collections);
    }

    [Fact]
    public async Task A_release_in_person_serves_what_was_put_off()
    {
        MemoryReleaser releaser = Releaser(TimeSpan.FromDays(1));
        await Release(releaser, 40 * MiB);
        await Release(releaser, 40 * MiB);

        ReleaseResult asked = await Release(releaser, 0, forced: true);

        Assert.Contains("40 MiB were expected back", asked.Reason, StringComparison.Ordinal);
        Assert.Equal(0, _process.DeadBytes);
    }

    private ReleaseThrottle Throttle() =>
        new(_process, new ReleaseThresholds { StormWindow = TimeSpan.FromDays(1) });

    private string? Admit(ReleaseThrottle throttle, ReleaseRequest request) =>
        throttle.Admit(ref request, _process.Memory.TakeSnapshot(), out _);

    private static ReleaseRequest Wish(ReleaseMode mode, long bytes = 40 * MiB, bool trimNative = false) =>
        new() { ExpectedBytes = bytes, Mode = mode, TrimNative = trimNative };

    /// <summary>A throttle that has just let one release run, so that small ones are put off.</summary>
    private ReleaseThrottle BusyThrottle()
    {
        ReleaseThrottle throttle = Throttle();
        Assert.Null(Admit(throttle, Wish(ReleaseMode.Gentle)));
        throttle.NoteRun(Wish(ReleaseMode.Gentle), lastCollection: 1);
        return throttle;
    }

    [Theory]
    [InlineData(ReleaseMode.Full, ReleaseMode.Gentle, ReleaseMode.Full)]
    [InlineData(ReleaseMode.Gentle, ReleaseMode.Full, ReleaseMode.Full)]
    [InlineData(ReleaseMode.Gentle, ReleaseMode.Gentle, ReleaseMode.Gentle)]
    public void Of_what_was_put_off_the_strongest_wish_counts(
        ReleaseMode first, ReleaseMode second, ReleaseMode expected)
    {
        OwedRelease owed = new(BusyThrottle(), new ReleaseThresholds(), _process, static () => false);
        owed.PutOff([Wish(first, trimNative: first == ReleaseMode.Full)], ReleaseObstacle.Storm);
        owed.PutOff([Wish(second)], ReleaseObstacle.Storm);

        ReleaseRequest request = owed.Take();

        Assert.Equal((expected, first == ReleaseMode.Full), (request.Mode, request.TrimNative));
        Assert.Equal((true, false), (request.WasDeferred, request.Forced));
        Assert.False(owed.IsReady);
        Assert.InRange(owed.NextLook, TimeSpan.FromHours(23), TimeSpan.FromDays(1));
    }

    [Fact]
    public void What_was_put_off_runs_when_its_time_has_come_with_all_bytes_that_were_expected()
    {
        ReleaseThrottle throttle = BusyThrottle();
        Assert.NotNull(Admit(throttle, Wish(ReleaseMode.Full)));
        Assert.NotNull(Admit(throttle, Wish(ReleaseMode.Full)));
        ReleaseRequest owed = Wish(ReleaseMode.Full, bytes: 0) with { WasDeferred = true };

        Assert.Null(throttle.Admit(ref owed, _process.Memory.TakeSnapshot(), out ReleaseObstacle obstacle));

        Assert.Equal((80 * MiB, ReleaseObstacle.None), (owed.ExpectedBytes, obstacle));
    }

    [Fact]
    public void A_run_takes_the_bytes_that_were_carried()
    {
        ReleaseThrottle throttle = BusyThrottle();
        Assert.NotNull(Admit(throttle, Wish(ReleaseMode.Full)));
        ReleaseRequest forced = Wish(ReleaseMode.Full) with { Forced = true };
        Assert.Null(throttle.Admit(ref forced, _process.Memory.TakeSnapshot(), out _));
        Assert.Equal(80 * MiB, forced.ExpectedBytes);
        throttle.NoteRun(forced, lastCollection: 2);

        ReleaseRequest next = Wish(ReleaseMode.Full, bytes: 0) with { Forced = true };
        Assert.Null(throttle.Admit(ref next, _process.Memory.TakeSnapshot(), out _));
        Assert.Equal(0, next.ExpectedBytes);
    }

    [Fact]
    public void What_a_person_asked_for_puts_nothing_off()
    {
        ReleaseThrottle throttle = Throttle();
        throttle.NoteRun(Wish(ReleaseMode.Full) with { Forced = true }, lastCollection: 1);

        Assert.Null(Admit(throttle, Wish(ReleaseMode.Full)));
    }

    [Fact]
    public void What_ran_after_it_was_put_off_puts_the_next_off_too()
    {
        ReleaseThrottle throttle = Throttle();
        throttle.NoteRun(Wish(ReleaseMode.Full) with { WasDeferred = true }, lastCollection: 1);

        Assert.NotNull(Admit(throttle, Wish(ReleaseMode.Full)));
        Assert.InRange(throttle.WindowLeft, TimeSpan.FromHours(23), TimeSpan.FromDays(1));
    }

    [Theory]
    [InlineData(146, false)]
    [InlineData(148, true)]
    public void A_third_of_the_process_is_let_through_a_second_time_and_not_a_third(long mib, bool isLetThrough)
    {
        // The process occupies 442 MiB, a third of which is 147.3.
        _process.LiveBytes = 440 * MiB;
        ReleaseThrottle throttle = BusyThrottle();

        Assert.Equal(isLetThrough, Admit(throttle, Wish(ReleaseMode.Full, mib * MiB)) is null);
        throttle.NoteRun(Wish(ReleaseMode.Full), lastCollection: 2);
        Assert.NotNull(Admit(throttle, Wish(ReleaseMode.Full, mib * MiB)));
    }

    [Fact]
    public void Carried_bytes_do_not_overflow()
    {
        ReleaseThrottle throttle = BusyThrottle();
        throttle.NoteRun(Wish(ReleaseMode.Full), lastCollection: 1);
        Assert.NotNull(Admit(throttle, Wish(ReleaseMode.Full, long.MaxValue)));
        ReleaseRequest request = Wish(ReleaseMode.Full, long.MaxValue) with { Forced = true };

        Assert.Null(throttle.Admit(ref request, _process.Memory.TakeSnapshot(), out _));
        Assert.Equal(long.MaxValue, request.ExpectedBytes);
    }

    private static void Set(ManualResetEventSlim done, bool isDone)
    {
        if (isDone)
        {
            done.Set();
        }
    }
}
