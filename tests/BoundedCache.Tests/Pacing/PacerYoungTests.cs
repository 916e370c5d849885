using BoundedCache.Pacing;

namespace BoundedCache.Tests.Pacing;

/// <summary>When pacing has the young generations compacted.</summary>
public sealed class PacerYoungTests : PacerScenario
{
    [Fact]
    public void What_came_is_compacted_at_half_the_budget_though_nothing_left_yet()
    {
        Pacer pacer = NewPacer();
        PacedAccount account = pacer.Open(0.1);

        account.Report(0, 49 * MiB, 1000 * MiB);
        Assert.Equal(0, pacer.YoungCollections);

        account.Report(0, 56 * MiB, 1000 * MiB);
        Assert.Equal(["compacting young"], Process.Steps);
        Assert.Equal((1, 0), (pacer.YoungCollections, pacer.Collections));
    }

    [Fact]
    public void A_collection_that_fails_is_told_once_fails_no_writer_and_is_not_the_last()
    {
        Pacer pacer = NewPacer();
        List<Exception> failures = [];
        PacedAccount account = pacer.Open(0.1, failures.Add);
        Process.DuringStep = static _ => throw new InsufficientMemoryException();
        account.Report(0, 56 * MiB, 1000 * MiB);
        account.Report(0, 112 * MiB, 1000 * MiB);
        Assert.Equal(2, pacer.YoungCollections);
        Assert.IsType<InsufficientMemoryException>(Assert.Single(failures));

        Process.DuringStep = static _ => { };
        account.Report(0, 168 * MiB, 1000 * MiB);

        Assert.Equal((3, 1), (pacer.YoungCollections, Process.YoungCollections));
    }

    [Fact]
    public void Of_the_least_budget_too_half_is_for_what_came_or_full_collections_would_always_be_first()
    {
        Pacer pacer = NewPacer();
        PacedAccount account = pacer.Open(0.05);

        account.Report(0, 3 * MiB, 100 * MiB);
        Assert.Equal(0, pacer.YoungCollections);

        account.Report(0, 5 * MiB, 100 * MiB);
        Assert.Equal((1, 0), (pacer.YoungCollections, pacer.Collections));
    }

    [Fact]
    public void In_a_full_cache_what_came_is_as_much_as_what_left()
    {
        Pacer pacer = NewPacer();
        PacedAccount account = pacer.Open(0.1);
        account.Report(0, 1000 * MiB, 1000 * MiB);
        Assert.Equal(1, pacer.YoungCollections);

        for (int left = 10; left <= 300; left += 10)
        {
            account.Report(left * MiB, 1000 * MiB, 1000 * MiB);
        }

        // At 50, 150 and 250 MiB; at 100, 200 and 300 the whole heap is collected, which serves both.
        Assert.Equal((4, 3), (pacer.YoungCollections, pacer.Collections));
    }

    [Fact]
    public void A_young_collection_that_nobody_asked_for_starts_the_young_count_anew_and_the_next_is_forestalled()
    {
        Pacer pacer = NewPacer();
        PacedAccount account = pacer.Open(0.1);
        account.Report(0, 40 * MiB, 1000 * MiB);
        Process.CollectYoung(0);

        account.Report(0, 69 * MiB, 1000 * MiB);
        Assert.Equal(0, pacer.YoungCollections);

        account.Report(0, 77 * MiB, 1000 * MiB);
        Assert.Equal(1, pacer.YoungCollections);

        account.Report(0, 106 * MiB, 1000 * MiB);
        Assert.Equal(1, pacer.YoungCollections);

        account.Report(0, 114 * MiB, 1000 * MiB);
        Assert.Equal(2, pacer.YoungCollections);
    }

    [Fact]
    public void One_that_comes_when_hardly_anything_came_in_is_for_something_else_and_is_not_forestalled()
    {
        Pacer pacer = NewPacer();
        PacedAccount account = pacer.Open(0.1);
        account.Report(0, MiB, 1000 * MiB);
        Process.CollectYoung(0);

        account.Report(0, 49 * MiB, 1000 * MiB);
        Assert.Equal(0, pacer.YoungCollections);

        account.Report(0, 56 * MiB, 1000 * MiB);
        Assert.Equal(1, pacer.YoungCollections);
    }

    [Fact]
    public void One_of_the_whole_heap_that_nobody_asked_for_starts_the_young_count_anew_and_is_not_forestalled()
    {
        Pacer pacer = NewPacer();
        PacedAccount account = pacer.Open(0.1);
        for (int used = 40; used <= 400; used += 40)
        {
            account.Report(0, used * MiB, 1000 * MiB);
            Process.CollectBlocking();
        }

        Assert.Equal((0, 0), (pacer.YoungCollections, pacer.Collections));
    }

    [Fact]
    public void Forestalling_is_given_up_again_little_by_little()
    {
        Pacer pacer = NewPacer();
        PacedAccount account = pacer.Open(0.1);
        account.Report(0, 20 * MiB, 10_000 * MiB);
        Process.CollectYoung(0);
        long used = 20;
        long Collections(int looks)
        {
            long before = pacer.YoungCollections;
            for (int i = 0; i < looks; i++)
            {
                used += 70;
                account.Report(0, used * MiB, 10_000 * MiB);
            }

            return pacer.YoungCollections - before;
        }

        // Every 15 MiB, but no report comes so soon; in the end every 500 again, which the eighth report passes.
        Assert.Equal(40, Collections(40));
        Collections(2000);
        Assert.Equal(10, Collections(80));
    }

    [Fact]
    public void Young_collections_take_no_more_than_their_share_of_time()
    {
        Pacer pacer = NewPacer();
        PacedAccount account = pacer.Open(0.1);
        var taken = TimeSpan.FromSeconds(3);
        Process.DuringStep = _ => Time.Advance(taken);
        account.Report(0, 60 * MiB, 1000 * MiB);
        account.Report(0, 200 * MiB, 1000 * MiB);
        Assert.Equal(1, pacer.YoungCollections);

        Time.Advance((taken / PacingBudget.MaxShareOfPauses) - taken + TimeSpan.FromMilliseconds(1));
        account.Report(0, 210 * MiB, 1000 * MiB);
        Assert.Equal(2, pacer.YoungCollections);
    }

    [Fact]
    public void What_comes_while_one_runs_goes_on_counting_and_sets_no_bound()
    {
        Pacer pacer = NewPacer();
        PacedAccount account = pacer.Open(0.1);
        bool isCounted = false;
        Process.DuringStep = _ =>
        {
            if (!isCounted)
            {
                isCounted = true;
                account.Report(0, 70 * MiB, 1000 * MiB);
                Process.CollectYoung(0);
                account.Report(0, 77 * MiB, 1000 * MiB);
                account.Report(0, 84 * MiB, 1000 * MiB);
            }
        };
        account.Report(0, 60 * MiB, 1000 * MiB);
        Assert.Equal(1, pacer.YoungCollections);

        account.Report(0, 110 * MiB, 1000 * MiB);
        Assert.Equal(1, pacer.YoungCollections);

        account.Report(0, 136 * MiB, 1000 * MiB);
        Assert.Equal(2, pacer.YoungCollections);
    }

    /// <remarks>Another writer is inside when the collection ends, so that the one that collects must wait.</remarks>
    [Fact]
    public void A_writer_that_is_interrupted_when_its_collection_ends_ends_it_all_the_same()
    {
        var clock = new HoldingClock();
        var pacer = new Pacer(Process, clock, static collect => collect());
        PacedAccount account = pacer.Open(0.1);
        PacedAccount others = pacer.Open(0.1);
        Exception? thrown = null;
        bool isInterrupted = false;
        bool isAtEnd = false;
        var other = new Thread(() => others.Report(0, MiB, MiB));
        Process.DuringStep = _ =>
        {
            clock.Held = other;
            other.Start();
            SpinWait.SpinUntil(() => clock.IsHolding);
            Thread.CurrentThread.Interrupt();
            Volatile.Write(ref isAtEnd, true);
        };
        var writer = new Thread(() =>
        {
            thrown = Record.Exception(() => account.Report(0, 60 * MiB, 1000 * MiB));
            isInterrupted = Record.Exception(static () => Thread.Sleep(1)) is ThreadInterruptedException;
        });
        writer.Start();
        SpinWait.SpinUntil(() => Volatile.Read(ref isAtEnd)
            && (writer.ThreadState & (ThreadState.WaitSleepJoin | ThreadState.Stopped)) != 0);

        clock.MayGo.Set();

        writer.Join();
        other.Join();
        Assert.Null(thrown);
        Assert.True(isInterrupted);
        Process.DuringStep = static _ => { };
        clock.Ticks += TimeSpan.FromDays(1).Ticks;
        account.Report(0, 200 * MiB, 1000 * MiB);
        Assert.Equal(2, pacer.YoungCollections);
    }

    /// <summary>A clock that holds one thread where it reads the time.</summary>
    private sealed class HoldingClock : TimeProvider
    {
        public Thread? Held { get; set; }

        public bool IsHolding { get; private set; }

        public long Ticks { get; set; }

        public ManualResetEventSlim MayGo { get; } = new();

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp()
        {
            if (Thread.CurrentThread == Held)
            {
                IsHolding = true;
                MayGo.Wait();
            }

            return Ticks;
        }
    }

    [Fact]
    public void One_writer_at_a_time_runs_a_young_collection()
    {
        Pacer pacer = NewPacer();
        PacedAccount account = pacer.Open(0.1);
        Process.DuringStep = _ => account.Report(0, 200 * MiB, 1000 * MiB);

        account.Report(0, 60 * MiB, 1000 * MiB);

        Assert.Equal(1, pacer.YoungCollections);
    }
}
