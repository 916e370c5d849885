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

    private static void Set(ManualResetEventSlim done, bool isDone)
    {
        if (isDone)
        {
            done.Set();
        }
    }
}
