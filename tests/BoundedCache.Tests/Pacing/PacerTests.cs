using BoundedCache.Pacing;

namespace BoundedCache.Tests.Pacing;

/// <summary>When pacing has the whole heap collected: budgets, and what keeps it silent.</summary>
public sealed class PacerTests : PacerScenario
{
    [Fact]
    public void What_left_is_collected_when_it_passes_the_budget()
    {
        Pacer pacer = NewPacer();
        PacedAccount account = pacer.Open(0.1);

        account.Report(99 * MiB, 0, 1000 * MiB);
        Assert.Equal(0, pacer.Collections);

        account.Report(110 * MiB, 0, 1000 * MiB);
        Assert.Equal(1, pacer.Collections);
        Assert.Equal("background", Process.Steps[^1]);
    }

    [Fact]
    public void After_a_collection_the_budget_is_whole_again()
    {
        Pacer pacer = NewPacer();
        PacedAccount account = pacer.Open(0.1);
        account.Report(100 * MiB, 0, 1000 * MiB);
        account.Report(107 * MiB, 0, 1000 * MiB);

        account.Report(199 * MiB, 0, 1000 * MiB);
        Assert.Equal(1, pacer.Collections);

        account.Report(207 * MiB, 0, 1000 * MiB);
        Assert.Equal(2, pacer.Collections);
    }

    [Fact]
    public void Near_the_heaps_hard_limit_the_budget_is_a_quarter_of_the_room_that_is_left()
    {
        Process.Settings = new() { HeapHardLimitBytes = 1200 * MiB };
        Pacer pacer = NewPacer();
        PacedAccount account = pacer.Open(0.1);

        account.Report(45 * MiB, 0, 1000 * MiB);
        Assert.Equal(0, pacer.Collections);

        account.Report(52 * MiB, 0, 1000 * MiB);
        Assert.Equal(1, pacer.Collections);
    }

    [Fact]
    public void Beyond_the_heaps_hard_limit_the_least_budget_holds()
    {
        Process.Settings = new() { HeapHardLimitBytes = 900 * MiB };
        Pacer pacer = NewPacer();
        PacedAccount account = pacer.Open(0.1);

        account.Report(PacingBudget.MinimumBytes - 1, 0, 1000 * MiB);
        Assert.Equal(0, pacer.Collections);

        account.Report(16 * MiB, 0, 1000 * MiB);
        Assert.Equal(1, pacer.Collections);
    }

    [Fact]
    public void Nothing_is_begun_while_a_bulk_eviction_holds_it_and_what_left_is_due_afterwards()
    {
        Pacer pacer = NewPacer();
        PacedAccount account = pacer.Open(0.1);
        account.Report(0, 500 * MiB, 1000 * MiB);
        pacer.Suspend(account);
        account.Report(500 * MiB, 0, 1000 * MiB);
        Assert.Equal(0, pacer.Collections);

        pacer.Resume(account, 500 * MiB, 0, 1000 * MiB);
        Assert.Equal(0, pacer.Collections);
        account.Report(510 * MiB, 0, 1000 * MiB);
        Assert.Equal(1, pacer.Collections);
    }

    [Fact]
    public void What_a_bulk_eviction_left_is_settled_by_the_collection_of_the_release()
    {
        Pacer pacer = NewPacer();
        PacedAccount account = pacer.Open(0.1);
        account.Report(0, 500 * MiB, 1000 * MiB);
        pacer.Suspend(account);
        account.Report(500 * MiB, 0, 1000 * MiB);
        pacer.Resume(account, 501 * MiB, 0, 1000 * MiB);
        Process.CollectInBackground();

        account.Report(599 * MiB, 0, 1000 * MiB);
        Assert.Equal(0, pacer.Collections);
    }

    [Fact]
    public void A_bulk_eviction_that_takes_long_or_is_stuck_holds_nothing_any_more()
    {
        Pacer pacer = NewPacer();
        PacedAccount account = pacer.Open(0.1);
        account.Report(0, 500 * MiB, 1000 * MiB);
        pacer.Suspend(account);
        account.Report(500 * MiB, 0, 1000 * MiB);
        Time.Advance(TimeSpan.FromSeconds(1));

        account.Report(510 * MiB, 0, 1000 * MiB);

        Assert.Equal(1, pacer.Collections);
    }

    [Fact]
    public void A_bulk_eviction_that_goes_on_holds_it_however_long_that_takes()
    {
        Pacer pacer = NewPacer();
        PacedAccount account = pacer.Open(0.1);
        account.Report(0, 600 * MiB, 1000 * MiB);
        pacer.Suspend(account);
        for (int i = 1; i <= 50; i++)
        {
            Time.Advance(TimeSpan.FromMilliseconds(90));
            pacer.KeepSuspended(account);
            account.Report(i * 10 * MiB, (600 - (i * 10)) * MiB, 1000 * MiB);
        }

        Assert.Equal(0, pacer.Collections);
    }

    [Fact]
    public void A_bulk_eviction_beside_which_a_budget_comes_in_holds_nothing_any_more()
    {
        Pacer pacer = NewPacer();
        PacedAccount account = pacer.Open(0.1);
        account.Report(0, 600 * MiB, 1000 * MiB);
        pacer.Suspend(account);
        account.Report(500 * MiB, 200 * MiB, 1000 * MiB);
        Assert.Equal(0, pacer.Collections);

        account.Report(505 * MiB, 200 * MiB, 1000 * MiB);

        Assert.Equal(1, pacer.Collections);
    }

    [Fact]
    public void Of_two_bulk_evictions_of_a_cache_the_last_to_end_lets_what_left_count()
    {
        Pacer pacer = NewPacer();
        PacedAccount account = pacer.Open(0.1);
        account.Report(0, 500 * MiB, 1000 * MiB);
        pacer.Suspend(account);
        pacer.Suspend(account);
        pacer.Resume(account, 500 * MiB, 0, 1000 * MiB);
        account.Report(510 * MiB, 0, 1000 * MiB);
        Assert.Equal(0, pacer.Collections);

        pacer.Resume(account, 510 * MiB, 0, 1000 * MiB);
        account.Report(520 * MiB, 0, 1000 * MiB);
        Assert.Equal(1, pacer.Collections);
    }

    [Fact]
    public void A_bulk_eviction_of_one_cache_holds_up_no_other()
    {
        Pacer pacer = NewPacer();
        pacer.Suspend(pacer.Open(0.1));
        PacedAccount other = pacer.Open(0.1);

        other.Report(500 * MiB, 0, 1000 * MiB);

        Assert.Equal(1, pacer.Collections);
    }

    [Theory]
    [InlineData(24, 0, "blocking")]
    [InlineData(25, 0, "background")]
    [InlineData(624, 600, "blocking")]
    [InlineData(625, 600, "background")]
    public void Where_the_heap_holds_little_beside_large_objects_a_collection_blocks(
        int liveMiB, int largeMiB, string expected)
    {
        Pacer pacer = NewPacer();
        PacedAccount account = pacer.Open(0.1);
        (Process.LiveBytes, Process.LargeLiveBytes) = (liveMiB * MiB, largeMiB * MiB);
        Process.CollectYoung(0);

        account.Report(100 * MiB, 0, 1000 * MiB);

        Assert.Equal(expected, Process.Steps[^1]);
    }

    [Fact]
    public void Caches_share_one_budget()
    {
        Pacer pacer = NewPacer();
        PacedAccount one = pacer.Open(0.1);
        PacedAccount other = pacer.Open(0.1);
        other.Report(0, 0, 1000 * MiB);

        one.Report(150 * MiB, 0, 1000 * MiB);
        Assert.Equal(0, pacer.Collections);

        other.Report(60 * MiB, 0, 1000 * MiB);
        Assert.Equal(1, pacer.Collections);
    }

    [Fact]
    public void A_collection_that_nobody_asked_for_starts_the_count_anew()
    {
        Pacer pacer = NewPacer();
        PacedAccount account = pacer.Open(0.1);
        account.Report(90 * MiB, 0, 1000 * MiB);
        Process.CollectCompacting();

        account.Report(180 * MiB, 0, 1000 * MiB);
        Assert.Equal(0, pacer.Collections);

        account.Report(195 * MiB, 0, 1000 * MiB);
        Assert.Equal(1, pacer.Collections);
    }

    [Fact]
    public void No_collection_is_asked_for_while_one_runs()
    {
        Pacer pacer = NewPacer(queue: true);
        PacedAccount account = pacer.Open(0.1);
        account.Report(100 * MiB, 0, 1000 * MiB);
        account.Report(300 * MiB, 0, 1000 * MiB);
        Assert.Single(Started);

        // What left while it ran goes on counting.
        Started.Dequeue()();
        account.Report(310 * MiB, 0, 1000 * MiB);
        Assert.Equal(2, pacer.Collections);
    }

    [Fact]
    public void What_a_collection_of_the_process_kept_the_pacers_from_taking_goes_on_counting()
    {
        Pacer pacer = NewPacer();
        PacedAccount account = pacer.Open(0.1);
        Process.BackgroundPause = TimeSpan.FromMilliseconds(7);
        Process.InFlight = 1;
        account.Report(100 * MiB, 0, 1000 * MiB);
        Assert.Equal(TimeSpan.Zero, pacer.Paused);
        Time.Advance(TimeSpan.FromSeconds(1));

        account.Report(107 * MiB, 0, 1000 * MiB);

        // One that was under way, and one of the pacer's own.
        Assert.Equal((2, 2), (pacer.Collections, Process.FullCollections));
        Assert.Equal(Process.BackgroundPause, pacer.Paused);
    }

    [Fact]
    public void Collections_that_take_long_are_kept_apart()
    {
        Pacer pacer = NewPacer(queue: true);
        PacedAccount account = pacer.Open(0.1);
        account.Report(100 * MiB, 0, 1000 * MiB);
        Time.Advance(TimeSpan.FromSeconds(10));
        Started.Dequeue()();
        account.Report(300 * MiB, 0, 1000 * MiB);
        Assert.Equal(1, pacer.Collections);

        // Ten seconds at work allow the next after as long as keeps them under their share of a processor.
        Time.Advance(TimeSpan.FromSeconds(10 * ((1 / Pacer.MaxShareOfProcessor) - 1)) + TimeSpan.FromMilliseconds(1));
        account.Report(310 * MiB, 0, 1000 * MiB);
        Assert.Equal(2, pacer.Collections);
    }

    [Fact]
    public void Pauses_of_both_kinds_together_stay_within_the_sum_of_their_shares()
    {
        Pacer pacer = NewPacer();
        PacedAccount account = pacer.Open(0.1);
        var pause = TimeSpan.FromMilliseconds(40);
        Process.LiveBytes = 50_000 * MiB;
        Process.BackgroundPause = pause;
        Process.DuringStep = _ => Time.Advance(pause);
        DateTimeOffset began = Time.GetUtcNow();
        for (int i = 0; i < 20_000; i++)
        {
            Time.Advance(TimeSpan.FromMilliseconds(1));
            account.Report(i * MiB, 1000 * MiB, 1000 * MiB);
        }

        // The caches' limits are a fiftieth of what is alive, so each kind may stop the process for 2 % of the time.
        // Before the first collection of the whole heap that is not known.
        TimeSpan elapsed = Time.GetUtcNow() - began;
        Assert.InRange(pacer.Paused, 10 * pause, (0.04 * elapsed) + (5 * pause));
        Assert.InRange(Math.Min(pacer.Collections, pacer.YoungCollections), 5, long.MaxValue);
    }

    [Fact]
    public void A_collection_that_never_ends_does_not_end_pacing()
    {
        Pacer pacer = NewPacer(queue: true);
        PacedAccount account = pacer.Open(0.1);
        account.Report(100 * MiB, 0, 1000 * MiB);
        Time.Advance(TimeSpan.FromMinutes(1));
        account.Report(200 * MiB, 0, 1000 * MiB);
        Time.Advance(TimeSpan.FromMinutes(2));
        account.Report(300 * MiB, 0, 1000 * MiB);

        Assert.Equal(2, pacer.Collections);
    }

    [Fact]
    public void Nothing_is_asked_for_in_a_no_GC_region()
    {
        Pacer pacer = NewPacer();
        PacedAccount account = pacer.Open(0.1);
        Process.IsInNoGCRegion = true;
        account.Report(500 * MiB, 0, 1000 * MiB);
        Assert.Equal((0, 0), (pacer.YoungCollections, pacer.Collections));

        Process.IsInNoGCRegion = false;
        account.Report(510 * MiB, 0, 1000 * MiB);
        Assert.Equal(1, pacer.Collections);
    }

    [Fact]
    public void A_report_that_comes_late_counts_nothing_twice()
    {
        Pacer pacer = NewPacer();
        PacedAccount account = pacer.Open(0.1);
        account.Report(50 * MiB, 0, 1000 * MiB);
        pacer.Report(account, 40 * MiB, 0, 1000 * MiB);
        Process.CollectCompacting();

        account.Report(145 * MiB, 0, 1000 * MiB);

        Assert.Equal(0, pacer.Collections);
    }

    [Fact]
    public void Small_caches_are_not_worth_a_collection()
    {
        Pacer pacer = NewPacer();
        PacedAccount account = pacer.Open(0.1);

        account.Report(30 * MiB, 0, 2 * MiB);
        Assert.Equal(0, pacer.Collections);

        account.Report(31 * MiB, 0, 2 * MiB);
        Assert.Equal(1, pacer.Collections);
    }

    [Theory]
    [InlineData(16, 24)]
    [InlineData(48, 8)]
    [InlineData(80, 8)]
    public void The_least_budget_is_less_for_larger_limits(long limitMiB, long budgetMiB)
    {
        Pacer pacer = NewPacer();
        PacedAccount account = pacer.Open(0.1);
        account.Report(0, 0, limitMiB * MiB);

        account.Report((budgetMiB - 1) * MiB, 0, limitMiB * MiB);
        Assert.Equal(0, pacer.Collections);

        account.Report(budgetMiB * MiB, 0, limitMiB * MiB);
        Assert.Equal(1, pacer.Collections);
    }

    [Fact]
    public void Many_small_caches_are_as_large_as_one_of_the_sum_of_their_limits()
    {
        Pacer pacer = NewPacer();
        PacedAccount[] accounts = [.. Enumerable.Range(0, 6).Select(_ => pacer.Open(0.1))];
        Array.ForEach(accounts, static account => account.Report(0, 0, 8 * MiB));

        accounts[0].Report(9 * MiB, 0, 8 * MiB);
        Assert.Equal(1, pacer.Collections);
    }

    [Fact]
    public void The_budget_follows_the_limit()
    {
        Pacer pacer = NewPacer();
        PacedAccount account = pacer.Open(0.1);
        account.Report(90 * MiB, 0, 1000 * MiB);

        account.Report(100 * MiB, 0, 5000 * MiB);
        Assert.Equal(0, pacer.Collections);

        account.Report(140 * MiB, 0, 200 * MiB);
        Assert.Equal(1, pacer.Collections);
    }

    [Fact]
    public void An_unlimited_cache_has_a_budget_and_no_overflow()
    {
        Pacer pacer = NewPacer();
        PacedAccount[] accounts = [.. Enumerable.Range(0, 100).Select(_ => pacer.Open(1))];
        Array.ForEach(accounts, static account => account.Report(0, 0, long.MaxValue));

        accounts[0].Report(1000 * MiB, 0, long.MaxValue);

        Assert.Equal(0, pacer.Collections);
        Assert.All(accounts, static account => Assert.True(account.BudgetBytes > 0));
    }

    [Fact]
    public void Entries_that_leave_a_cache_into_which_nothing_comes_count_too()
    {
        Pacer pacer = NewPacer();
        PacedAccount account = pacer.Open(0.1);
        account.Report(0, 1000 * MiB, 1000 * MiB);

        account.Report(110 * MiB, 890 * MiB, 1000 * MiB);

        Assert.Equal(1, pacer.Collections);
    }

    [Fact]
    public void A_writer_survives_that_there_is_no_memory_for_a_thread()
    {
        int starts = 0;
        var pacer = new Pacer(Process, Time, _ => throw new InsufficientMemoryException($"{++starts}"));
        PacedAccount account = pacer.Open(0.1);

        account.Report(100 * MiB, 0, 1000 * MiB);

        Assert.Equal((1, 0, 1), (starts, pacer.Collections, pacer.Gate.Openings));

        // No writer waits for what does not run, and what is dead still is.
        account.Report(300 * MiB, 0, 1000 * MiB, mayWait: true);
        Assert.Equal((1, 0), (starts, pacer.Gate.Waits));
        Assert.Equal(50 * MiB, pacer.OverdueBytes);
        Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal((2, 0), (starts, pacer.Gate.Waits));
        Time.Advance(TimeSpan.FromSeconds(1));
        account.Report(310 * MiB, 0, 1000 * MiB, mayWait: true);
        Assert.Equal((3, 0), (starts, pacer.Gate.Waits));

        // Where nobody writes it is tried rarely.
        Time.Advance(TimeSpan.FromMinutes(1));
        Assert.InRange(starts, 4, 5);
        GC.KeepAlive(account);
    }
}
