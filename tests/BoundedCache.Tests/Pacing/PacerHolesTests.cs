using BoundedCache.Pacing;
using BoundedCache.Process;

namespace BoundedCache.Tests.Pacing;

/// <summary>
/// When pacing has the heap compacted: for committed memory without objects. A limit of 64 MiB allows 28 MiB of it.
/// </summary>
public sealed class PacerHolesTests : PacerScenario
{
    private const long Limit = 64 * MiB;
    private long _left;

    [Theory]
    [InlineData(40, 28, false)]
    [InlineData(40, 29, true)]
    [InlineData(1024, 29, true)]
    [InlineData(1025, 300, false)]
    public void Much_memory_without_objects_is_given_back_where_little_is_alive(
        int liveMiB, int idleMiB, bool isCompacted)
    {
        Pacer pacer = NewPacer();
        PacedAccount account = pacer.Open(0.1);
        Leave(account, 0);
        (Process.LiveBytes, Process.FragmentedBytes) = (liveMiB * MiB, idleMiB * MiB);
        Process.CollectInBackground();
        Leave(account, 0);

        Leave(account, 20);

        Assert.Equal(isCompacted ? 1 : 0, pacer.Compactions);
        Assert.Equal(isCompacted, Process.Steps.Contains("aggressive"));
    }

    [Fact]
    public void The_allowed_amount_follows_the_limits()
    {
        Pacer pacer = NewPacer();
        PacedAccount account = pacer.Open(0.1);
        account.Report(0, 0, 1000 * MiB);
        Process.FragmentedBytes = 140 * MiB;
        Process.CollectInBackground();
        account.Report(0, 0, 1000 * MiB);
        account.Report(150 * MiB, 0, 1000 * MiB);
        Assert.Equal((1, 0), (pacer.Collections, pacer.Compactions));

        Process.FragmentedBytes = 150 * MiB;
        Process.CollectInBackground();
        account.Report(150 * MiB, 0, 1000 * MiB);
        account.Report(300 * MiB, 0, 1000 * MiB);
        Assert.Equal((2, 1), (pacer.Collections, pacer.Compactions));
    }

    [Fact]
    public void Room_for_as_many_new_objects_as_last_time_is_allowed_too()
    {
        Pacer pacer = NewPacer();
        PacedAccount account = pacer.Open(0.1);
        Process.LastYoung = new GCReading { Index = 1, YoungBytes = 300 * MiB };
        Process.FragmentedBytes = 300 * MiB;
        Process.CollectInBackground();
        Leave(account, 0);

        Leave(account, 20);

        Assert.Equal((1, 0), (pacer.Collections, pacer.Compactions));
    }

    [Fact]
    public void Holes_are_closed_no_more_often_than_their_share_of_time_allows()
    {
        Pacer pacer = NewPacer(queue: true);
        PacedAccount account = pacer.Open(0.1);
        Scatter();
        Leave(account, 20);
        Time.Advance(TimeSpan.FromMilliseconds(50));
        Started.Dequeue()();
        Assert.Equal(1, pacer.Compactions);

        // 50 ms are two percent of two and a half seconds, the 50 ms included.
        Time.Advance(TimeSpan.FromSeconds(2));
        Scatter();
        Leave(account, 20);
        Started.Dequeue()();
        Assert.Equal((2, 1), (pacer.Collections, pacer.Compactions));

        Time.Advance(TimeSpan.FromSeconds(1));
        Scatter();
        Leave(account, 20);
        Assert.Equal((3, 2), (pacer.Collections, pacer.Compactions));

        void Scatter()
        {
            Process.FragmentedBytes = 60 * MiB;
            Process.CollectInBackground();
            Leave(account, 0);
        }
    }

    [Fact]
    public void Holes_that_pins_keep_are_no_reason_to_compact_again_until_they_grow()
    {
        Pacer pacer = NewPacer();
        PacedAccount account = pacer.Open(0.1);
        Process.FragmentedBytes = 60 * MiB;
        Process.CollectInBackground();
        Process.StuckBytes = 60 * MiB;
        for (int round = 0; round < 10; round++)
        {
            Time.Advance(TimeSpan.FromMinutes(1));
            Leave(account, 20);
        }

        Assert.Equal(1, pacer.Compactions);

        Process.FragmentedBytes = 120 * MiB;
        Process.CollectInBackground();
        for (int round = 0; round < 10; round++)
        {
            Time.Advance(TimeSpan.FromMinutes(1));
            Leave(account, 20);
            Process.FragmentedBytes = pacer.Compactions == 2 ? 0 : Process.FragmentedBytes;
        }

        Assert.Equal(2, pacer.Compactions);
    }

    [Fact]
    public void What_a_compaction_that_gives_nothing_back_left_empty_is_still_given_back()
    {
        Pacer pacer = NewPacer();
        PacedAccount account = pacer.Open(0.1);
        Leave(account, 0);
        Process.StuckBytes = 60 * MiB;
        Process.CollectInBackground();
        Process.CollectBlocking();
        Leave(account, 0);

        Leave(account, 20);

        Assert.Equal("aggressive", Process.Steps[^1]);
    }

    [Fact]
    public void What_cannot_be_compacted_yet_counts_like_dead_bytes()
    {
        Pacer pacer = NewPacer();
        PacedAccount account = pacer.Open(0.5);
        Process.LiveBytes = 2000 * MiB;
        Leave(account, 0);
        Leave(account, 31);
        Assert.Equal(0, pacer.Collections);

        Process.FragmentedBytes = 200 * MiB;
        Process.CollectInBackground();
        Leave(account, 0);
        Leave(account, 17);

        Assert.Equal((1, 0), (pacer.Collections, pacer.Compactions));
    }

    private void Leave(PacedAccount account, int mebibytes) =>
        account.Report(_left += mebibytes * MiB, 0, Limit);
}
