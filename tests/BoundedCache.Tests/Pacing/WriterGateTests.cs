using System.Runtime.CompilerServices;
using BoundedCache.Pacing;
using BoundedCache.TestSupport;

namespace BoundedCache.Tests.Pacing;

/// <summary>When writers wait for the collector, and what ends the wait.</summary>
public sealed class WriterGateTests : PacerScenario
{
    private const long Limit = 1000 * MiB;

    /// <summary>The budget is 100 MiB, and writers wait from 250 MiB on.</summary>
    private const double Share = 0.1;

    [Fact]
    public async Task A_writer_waits_until_the_collection_ends_that_is_too_late()
    {
        Pacer pacer = NewPacer(queue: true);
        PacedAccount account = pacer.Open(Share);
        account.Report(100 * MiB, 0, Limit, mayWait: true);
        Task<TimeSpan> writer = Task.Run(() => account.Report(260 * MiB, 0, Limit, mayWait: true));
        SpinWait.SpinUntil(() => pacer.Gate.Waiting == 1 || writer.IsCompleted);

        Started.Dequeue()();

        await writer.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal((1, 1, 0), (pacer.Gate.Waits, pacer.Gate.Openings, pacer.Gate.Waiting));
    }

    [Theory]
    [InlineData(249, true, false)]
    [InlineData(251, true, true)]
    [InlineData(251, false, false)]
    public void Only_writers_wait_and_only_for_a_collector_that_is_behind(int deadMiB, bool mayWait, bool waits)
    {
        Pacer pacer = NewPacer(queue: true);
        PacedAccount account = pacer.Open(Share);
        account.Report(100 * MiB, 0, Limit, mayWait);
        Assert.Single(Started);

        // Nobody ends the collection, so this also shows that a wait has an end of its own.
        account.Report(deadMiB * MiB, 0, Limit, mayWait);

        Assert.Equal(waits ? 1 : 0, pacer.Gate.Waits);
    }

    [Theory]
    [InlineData(199, 0)]
    [InlineData(201, 1)]
    public void Under_server_gc_they_wait_earlier(int deadMiB, int waits)
    {
        Process.Settings = new() { IsServer = true };
        Pacer pacer = NewPacer(queue: true);
        PacedAccount account = pacer.Open(Share);
        account.Report(100 * MiB, 0, Limit, mayWait: true);

        account.Report(deadMiB * MiB, 0, Limit, mayWait: true);

        Assert.Equal(waits, pacer.Gate.Waits);
    }

    [Fact]
    public void While_a_cache_fills_nothing_is_dead_and_nobody_waits()
    {
        Pacer pacer = NewPacer(queue: true);
        PacedAccount account = pacer.Open(Share);

        account.Report(0, 900 * MiB, Limit, mayWait: true);

        Assert.Empty(Started);
        Assert.Equal(0, pacer.Gate.Waits);
    }

    [Fact]
    public void A_bulk_eviction_holds_no_writer_while_it_runs_and_afterwards()
    {
        Pacer pacer = NewPacer(queue: true);
        PacedAccount account = pacer.Open(Share);
        account.Report(100 * MiB, 900 * MiB, Limit);
        pacer.Suspend(account);

        account.Report(900 * MiB, 100 * MiB, Limit, mayWait: true, bulkBytes: 800 * MiB);
        pacer.Resume(account, 950 * MiB, 50 * MiB, Limit, bulkBytes: 850 * MiB);
        account.Report(960 * MiB, 50 * MiB, Limit, mayWait: true, bulkBytes: 850 * MiB);
        Assert.Equal(0, pacer.Gate.Waits);
        Assert.Single(Started);

        // What writers make dead meanwhile is another thing.
        account.Report(1300 * MiB, 50 * MiB, Limit, mayWait: true, bulkBytes: 850 * MiB);
        Assert.Equal(1, pacer.Gate.Waits);
    }

    [Fact]
    public void One_that_is_over_in_part_holds_no_writer_for_that_part()
    {
        Pacer pacer = NewPacer(queue: true);
        PacedAccount account = pacer.Open(Share);
        account.Report(0, 900 * MiB, Limit);
        pacer.Suspend(account);
        account.Report(800 * MiB, 100 * MiB, Limit, mayWait: true, bulkBytes: 800 * MiB);
        Time.Advance(TimeSpan.FromSeconds(1));

        account.Report(810 * MiB, 100 * MiB, Limit, mayWait: true, bulkBytes: 810 * MiB);

        Assert.Single(Started);
        Assert.Equal(0, pacer.Gate.Waits);
    }

    [Fact]
    public void A_suspension_excuses_no_writer_for_what_it_made_dead_itself()
    {
        Pacer pacer = NewPacer(queue: true);
        PacedAccount account = pacer.Open(Share);
        account.Report(0, 900 * MiB, Limit);
        pacer.Suspend(account);
        pacer.Resume(account, 300 * MiB, 900 * MiB, Limit, bulkBytes: 10 * MiB);

        account.Report(310 * MiB, 900 * MiB, Limit, mayWait: true, bulkBytes: 10 * MiB);

        Assert.Equal(1, pacer.Gate.Waits);
    }

    /// <summary>What was removed stays in memory until it is collected, and what comes in lies beside it.</summary>
    [Fact]
    public void Writers_that_fill_a_cleared_cache_before_it_is_collected_wait()
    {
        Pacer pacer = NewPacer(queue: true);
        PacedAccount account = pacer.Open(Share);
        account.Report(0, 900 * MiB, Limit);
        account.Report(900 * MiB, 0, Limit, mayWait: true, bulkBytes: 900 * MiB);
        Assert.Single(Started);

        account.Report(900 * MiB, 200 * MiB, Limit, mayWait: true, bulkBytes: 900 * MiB);
        Assert.Equal(0, pacer.Gate.Waits);
        account.Report(900 * MiB, 300 * MiB, Limit, mayWait: true, bulkBytes: 900 * MiB);
        Assert.Equal(1, pacer.Gate.Waits);
    }

    /// <summary>Entries that live for a second leave by scans alone, as fast as they come.</summary>
    [Fact]
    public void Bulk_work_again_and_again_excuses_no_writer_that_outruns_the_collector()
    {
        Pacer pacer = NewPacer(queue: true);
        PacedAccount account = pacer.Open(Share);
        for (long left = 0; left < 250 * MiB; left += 50 * MiB)
        {
            account.Report(left, 50 * MiB, Limit, mayWait: true, bulkBytes: left);
            Assert.Equal(0, pacer.Gate.Waits);
            account.Report(left + (50 * MiB), 0, Limit, mayWait: true, bulkBytes: left + (50 * MiB));
        }

        account.Report(250 * MiB, 50 * MiB, Limit, mayWait: true, bulkBytes: 250 * MiB);
        Assert.Equal(1, pacer.Gate.Waits);
    }

    [Fact]
    public void A_collection_ends_the_excuse_of_what_it_freed()
    {
        Pacer pacer = NewPacer(queue: true);
        PacedAccount account = pacer.Open(Share);
        account.Report(0, 900 * MiB, Limit);
        account.Report(900 * MiB, 0, Limit, bulkBytes: 900 * MiB);
        Started.Dequeue()();
        Time.Advance(TimeSpan.FromSeconds(20));

        account.Report(1050 * MiB, 900 * MiB, Limit, mayWait: true, bulkBytes: 900 * MiB);
        account.Report(1200 * MiB, 900 * MiB, Limit, mayWait: true, bulkBytes: 900 * MiB);

        Assert.Equal(1, pacer.Gate.Waits);
    }

    [Fact]
    public void A_no_GC_region_holds_no_writer()
    {
        Pacer pacer = NewPacer(queue: true);
        PacedAccount account = pacer.Open(Share);
        account.Report(100 * MiB, 0, Limit);
        Process.IsInNoGCRegion = true;

        account.Report(900 * MiB, 0, Limit, mayWait: true);
        Assert.Equal(0, pacer.Gate.Waits);
    }

    [Fact]
    public void A_collection_that_may_not_begin_yet_holds_no_writer_and_what_is_dead_is_told()
    {
        Pacer pacer = NewPacer(queue: true);
        PacedAccount account = pacer.Open(Share);
        account.Report(100 * MiB, 0, Limit);
        Time.Advance(TimeSpan.FromSeconds(20));
        Started.Dequeue()();

        account.Report(600 * MiB, 0, Limit, mayWait: true);
        Assert.Equal(0, pacer.Gate.Waits);
        Assert.Empty(Started);
        Assert.Equal(250 * MiB, pacer.OverdueBytes);

        Time.Advance(TimeSpan.FromSeconds(20));
        account.Report(610 * MiB, 0, Limit);
        Assert.Single(Started);
        Started.Dequeue()();
        account.Report(611 * MiB, 0, Limit);
        Assert.Equal(0, pacer.OverdueBytes);
    }

    /// <summary>A pacer that may not collect for seconds, where writers made 250 MiB more than it promises.</summary>
    private (Pacer Pacer, PacedAccount Account) NewOverdue()
    {
        Pacer pacer = NewPacer(queue: true);
        PacedAccount account = pacer.Open(Share);
        account.Report(100 * MiB, 0, Limit);
        Time.Advance(TimeSpan.FromSeconds(20));
        Started.Dequeue()();
        account.Report(600 * MiB, 0, Limit);
        Assert.Equal(250 * MiB, pacer.OverdueBytes);
        Assert.Empty(Started);
        return (pacer, account);
    }

    [Fact]
    public void What_is_overdue_when_writers_stop_is_collected_when_it_may_be()
    {
        (Pacer pacer, PacedAccount account) = NewOverdue();
        Time.Advance(TimeSpan.FromSeconds(20));
        Assert.Single(Started);

        Started.Dequeue()();

        Assert.Equal((0, 0), (pacer.OverdueBytes, pacer.OverdueBytesOf(account)));
        Assert.Equal(0, Time.ActiveTimers);
    }

    [Fact]
    public void What_a_collection_of_others_took_is_not_overdue_any_more()
    {
        (Pacer pacer, PacedAccount account) = NewOverdue();

        Process.CollectAggressively();

        Assert.Equal((0, 0), (pacer.OverdueBytes, pacer.OverdueBytesOf(account)));
        Time.Advance(TimeSpan.FromSeconds(20));
        Assert.Empty(Started);
        Assert.Equal(0, Time.ActiveTimers);
    }

    [Fact]
    public void What_left_while_a_collection_ran_is_overdue_at_its_end_without_a_report()
    {
        Pacer pacer = NewPacer(queue: true);
        PacedAccount account = pacer.Open(Share);
        account.Report(100 * MiB, 0, Limit);
        account.Report(600 * MiB, 0, Limit);
        Time.Advance(TimeSpan.FromSeconds(20));
        Started.Dequeue()();
        Assert.Equal(250 * MiB, pacer.OverdueBytes);

        Time.Advance(TimeSpan.FromSeconds(20));

        Assert.Single(Started);
        GC.KeepAlive(account);
    }

    [Fact]
    public void Where_no_cache_lives_nothing_is_collected_any_more()
    {
        (Pacer pacer, WeakReference account) = DropOverdue();
        Assert.True(Eventually.Dead(account));

        Time.Advance(TimeSpan.FromSeconds(20));

        Assert.Empty(Started);
        Assert.Equal((1, 0), (pacer.Collections, Time.ActiveTimers));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private (Pacer Pacer, WeakReference Account) DropOverdue()
    {
        (Pacer pacer, PacedAccount account) = NewOverdue();
        return (pacer, new WeakReference(account));
    }

    [Fact]
    public void In_a_no_GC_region_what_is_overdue_waits_for_its_end()
    {
        (Pacer _, PacedAccount account) = NewOverdue();
        Process.IsInNoGCRegion = true;
        Time.Advance(TimeSpan.FromSeconds(20));
        Assert.Empty(Started);

        Process.IsInNoGCRegion = false;
        Time.Advance(TimeSpan.FromMinutes(1));

        Assert.Single(Started);
        GC.KeepAlive(account);
    }

    [Fact]
    public void A_writer_that_is_interrupted_waits_no_longer_and_stays_interrupted()
    {
        var gate = new WriterGate(Timeout.InfiniteTimeSpan);
        Exception? thrown = null;
        bool isInterrupted = false;
        var writer = new Thread(() =>
        {
            thrown = Record.Exception(() => gate.Wait(openings: 0));
            isInterrupted = Record.Exception(static () => Thread.Sleep(1)) is ThreadInterruptedException;
        });
        writer.Start();
        Assert.True(SpinWait.SpinUntil(() => gate.Waiting == 1, TimeSpan.FromSeconds(30)));

        writer.Interrupt();

        Assert.True(writer.Join(TimeSpan.FromSeconds(30)));
        Assert.Null(thrown);
        Assert.True(isInterrupted);
        Assert.Equal((1, 0), (gate.Waits, gate.Waiting));
    }

    [Fact]
    public void A_stuck_collector_is_given_up_after_half_a_minute()
    {
        Pacer pacer = NewPacer(queue: true);
        PacedAccount account = pacer.Open(Share);
        account.Report(100 * MiB, 0, Limit);
        Time.Advance(TimeSpan.FromMinutes(1));

        account.Report(300 * MiB, 0, Limit, mayWait: true);

        // It counts as ended, and the next may not begin so soon after one that took so long.
        Assert.Equal(0, pacer.Gate.Waits);
        Assert.Equal(1, pacer.Collections);
    }

    [Fact]
    public async Task A_collection_that_throws_opens_the_gate_and_is_tried_again()
    {
        Pacer pacer = NewPacer(queue: true);
        PacedAccount account = pacer.Open(Share);
        Process.DuringStep = static step =>
        {
            if (step == "background")
            {
                throw new InvalidOperationException("No collection today.");
            }
        };
        account.Report(100 * MiB, 0, Limit);
        Task<TimeSpan> writer = Task.Run(() => account.Report(260 * MiB, 0, Limit, mayWait: true));
        SpinWait.SpinUntil(() => pacer.Gate.Waiting == 1 || writer.IsCompleted);

        // Nothing is thrown: on the pacer's own thread it would end the process.
        Started.Dequeue()();

        await writer.WaitAsync(TimeSpan.FromSeconds(30));
        account.Report(261 * MiB, 0, Limit, mayWait: true);
        Assert.Equal(1, pacer.Gate.Waits);
        Assert.Empty(Started);
        Time.Advance(TimeSpan.FromSeconds(1));
        account.Report(270 * MiB, 0, Limit);
        Assert.Single(Started);
    }

    [Fact]
    public void For_small_limits_writers_wait_earlier_than_by_their_budget()
    {
        Pacer pacer = NewPacer(queue: true);
        PacedAccount account = pacer.Open(0.05);

        // A budget of 16 MiB; an eighth of 32 MiB and 20 MiB are 24 MiB.
        account.Report(16 * MiB, 0, 32 * MiB);
        Assert.Single(Started);
        account.Report(23 * MiB, 0, 32 * MiB, mayWait: true);
        Assert.Equal(0, pacer.Gate.Waits);
        account.Report(24 * MiB, 0, 32 * MiB, mayWait: true);
        Assert.Equal(1, pacer.Gate.Waits);
    }

    [Theory]
    [InlineData(1000, 0.5)]
    [InlineData(2000, 0.5)]
    [InlineData(10_000, 0.1)]
    [InlineData(1_000_000, 0.005)]
    public void The_share_of_pauses_follows_what_of_the_live_heap_is_the_caches(int liveMiB, double share)
    {
        var budget = new PacingBudget(default);
        PacedAccount account = NewPacer().Open(Share);
        account.Enter(0, 0, Limit, now: 0);
        budget.Add(account);

        budget.Compute(liveMiB * MiB, idleBytes: 0);

        Assert.Equal(share, budget.ShareOfPauses);
    }

    [Fact]
    public void A_collection_that_stopped_the_process_for_long_is_kept_apart_from_the_next()
    {
        Pacer pacer = NewPacer(queue: true);
        PacedAccount account = pacer.Open(Share);
        Process.LiveBytes = 100_000 * MiB;
        Process.BackgroundPause = TimeSpan.FromMilliseconds(100);
        account.Report(100 * MiB, 0, Limit);
        Started.Dequeue()();
        Assert.Equal(Process.BackgroundPause, pacer.Paused);

        // 100 ms are a hundredth of ten seconds, which is the caches' share of the live heap.
        Time.Advance(TimeSpan.FromSeconds(9));
        account.Report(300 * MiB, 0, Limit);
        Assert.Empty(Started);
        Time.Advance(TimeSpan.FromSeconds(2));
        account.Report(310 * MiB, 0, Limit);
        Assert.Single(Started);
    }

    [Fact]
    public async Task An_opening_before_the_wait_ends_it()
    {
        var gate = new WriterGate(Timeout.InfiniteTimeSpan);
        long openings = gate.Openings;
        gate.Open();

        await Task.Run(() => gate.Wait(openings)).WaitAsync(TimeSpan.FromSeconds(30));

        Assert.Equal((1, 0), (gate.Waits, gate.Waiting));
    }

    [Fact]
    public void A_wait_ends_by_itself_and_the_pages_say_after_how_long()
    {
        // Nobody opens this gate.
        new WriterGate(TimeSpan.FromMilliseconds(1)).Wait(openings: 0);

        Assert.Contains(
            $"each write for at most {WriterGate.LongestWait.TotalMilliseconds:0} ms",
            File.ReadAllText(Path.Combine(SourceTree.FindRoot(), "docs", "LIMITS.md")).ReplaceLineEndings(" "),
            StringComparison.Ordinal);
    }
}
