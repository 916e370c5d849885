using BoundedCache.Pacing;

namespace BoundedCache.Tests.Pacing;

/// <summary>When pacing closes holes.</summary>
public sealed class PacerHolesTests : PacerScenario
{
    [Theory]
    [InlineData(40, 12, false)]
    [InlineData(40, 20, true)]
    [InlineData(100, 20, false)]
    [InlineData(100, 40, true)]
    [InlineData(200, 40, false)]
    [InlineData(300, 200, false)]
    public void Many_holes_where_little_is_alive_are_closed(int liveMiB, int holesMiB, bool isCompacted)
    {
        Pacer pacer = NewPacer();
        PacedAccount account = pacer.Open(0.1);
        (Process.LiveBytes, Process.FragmentedBytes) = (liveMiB * MiB, holesMiB * MiB);
        Process.CollectInBackground();

        account.Report(150 * MiB, 0, 1000 * MiB);
        account.Report(300 * MiB, 0, 1000 * MiB);

        Assert.Equal(isCompacted, pacer.Compactions > 0);
        Assert.Equal(isCompacted, Process.Steps.Contains("compacting"));
    }

    [Fact]
    public void Holes_are_closed_no_more_often_than_their_share_of_time_allows()
    {
        Pacer pacer = NewPacer(queue: true);
        PacedAccount account = pacer.Open(0.1);
        Process.LiveBytes = 100 * MiB;
        Scatter();
        account.Report(150 * MiB, 0, 1000 * MiB);
        Time.Advance(TimeSpan.FromMilliseconds(50));
        Started.Dequeue()();
        account.Report(160 * MiB, 0, 1000 * MiB);
        Assert.Equal(1, pacer.Compactions);

        Time.Advance(TimeSpan.FromSeconds(1));
        Scatter();
        account.Report(170 * MiB, 0, 1000 * MiB);
        account.Report(300 * MiB, 0, 1000 * MiB);
        Started.Dequeue()();
        account.Report(305 * MiB, 0, 1000 * MiB);
        Assert.Equal((2, 1), (pacer.Collections, pacer.Compactions));

        Time.Advance(TimeSpan.FromSeconds(5));
        Scatter();
        account.Report(315 * MiB, 0, 1000 * MiB);
        account.Report(450 * MiB, 0, 1000 * MiB);
        Assert.Equal((3, 2), (pacer.Collections, pacer.Compactions));

        void Scatter()
        {
            Process.FragmentedBytes = 60 * MiB;
            Process.CollectInBackground();
        }
    }

    [Fact]
    public void A_collection_that_closes_no_holes_does_not_shorten_the_wait_for_one_that_does()
    {
        Pacer pacer = NewPacer(queue: true);
        PacedAccount account = pacer.Open(0.1);
        Process.LiveBytes = 100 * MiB;
        Process.FragmentedBytes = 60 * MiB;
        Process.CollectInBackground();
        account.Report(150 * MiB, 0, 1000 * MiB);
        Time.Advance(TimeSpan.FromMilliseconds(50));
        Started.Dequeue()();
        account.Report(160 * MiB, 0, 1000 * MiB);
        for (int round = 1; round <= 2; round++)
        {
            Time.Advance(TimeSpan.FromSeconds(1));
            Process.FragmentedBytes = 60 * MiB;
            Process.CollectInBackground();
            account.Report(((round * 200) + 10) * MiB, 0, 1000 * MiB);
            account.Report(((round * 200) + 150) * MiB, 0, 1000 * MiB);
            Started.Dequeue()();
            account.Report(((round * 200) + 160) * MiB, 0, 1000 * MiB);
        }

        Assert.Equal((3, 1), (pacer.Collections, pacer.Compactions));
    }

    [Fact]
    public void Holes_that_grow_again_after_pins_let_go_are_closed()
    {
        Pacer pacer = NewPacer();
        PacedAccount account = pacer.Open(0.1);
        Process.LiveBytes = 100 * MiB;
        Process.PinnedHoleBytes = 60 * MiB;
        long left = 0;
        foreach (long? holes in (long?[])[60, null, 10, 60])
        {
            Time.Advance(TimeSpan.FromMinutes(1));
            if (holes is not null)
            {
                Process.FragmentedBytes = holes.Value * MiB;
                Process.CollectInBackground();
            }

            account.Report((left += 150) * MiB, 0, 1000 * MiB);

            // The pacer sees at the next report that its collection is over.
            account.Report((left += 10) * MiB, 0, 1000 * MiB);
        }

        Assert.Equal(2, pacer.Compactions);
    }

    [Fact]
    public void Holes_that_pins_keep_are_no_reason_to_compact_again()
    {
        Pacer pacer = NewPacer();
        PacedAccount account = pacer.Open(0.1);
        Process.LiveBytes = 100 * MiB;
        Process.FragmentedBytes = 60 * MiB;
        Process.CollectInBackground();
        Process.PinnedHoleBytes = 60 * MiB;

        for (int round = 1; round <= 10; round++)
        {
            Time.Advance(TimeSpan.FromMinutes(1));
            account.Report(round * 150 * MiB, 0, 1000 * MiB);
        }

        Assert.Equal(1, pacer.Compactions);
    }
}
