using System.Collections.Immutable;
using BoundedCache.Engine;
using BoundedCache.Entries;
using BoundedCache.TestSupport;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace BoundedCache.Tests.Audit;

/// <summary>Finished values whose measurement is cut, fails, or comes too late: it is made up for.</summary>
public sealed class InterruptedMeasurementTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    /// <summary>A chain that cannot change is found by no lap.</summary>
    [Fact]
    public void A_long_chain_whose_measurement_was_cut_is_measured_later()
    {
        const int Nodes = 200_000;
        using var test = new CacheUnderTest(static options =>
            (options.AuditShare, options.MaxMemory) = (0, 1L << 30));
        ImmutableStack<string> stack = [];
        for (int i = 0; i < Nodes; i++)
        {
            stack = stack.Push("text");
        }

        test.Cache.Set("key", stack);
        Assert.Equal(1, test.Cache.GetSnapshot().UnfinishedEntries);
        for (int i = 0; i < 5; i++)
        {
            test.Cache.Audit!.Reexamine(TimeSpan.FromMilliseconds(5), charges: true);
        }

        test.Cache.Audit!.MeasureFinished(TimeSpan.MaxValue);
        Assert.Equal(0, test.Cache.GetSnapshot().UnfinishedEntries);
        Assert.InRange(test.Cache.UsedMemory, Nodes * 32, Nodes * 33);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void An_entry_that_changed_while_it_was_measured_is_measured_again(bool byWalk)
    {
        using var test = new CacheUnderTest();
        using ICacheEntry entry = AddFinished(test);
        int calls = 0;
        using CacheAudit audit = Audit(test, charge: bytes =>
        {
            if (++calls == 1)
            {
                entry.Priority = CacheItemPriority.High;
            }

            return bytes;
        });
        Note(audit, test, byWalk);
        audit.MeasureFinished(TimeSpan.MaxValue);
        audit.MeasureFinished(TimeSpan.MaxValue);

        Assert.Equal(0, test.Cache.GetSnapshot().UnfinishedEntries);
        Assert.InRange(test.Cache.UsedMemory, 50_000, 51_000);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void An_entry_whose_measurement_failed_is_measured_again(bool byWalk)
    {
        using var test = new CacheUnderTest();
        using ICacheEntry entry = AddFinished(test);
        int calls = 0;
        using CacheAudit audit = Audit(
            test, charge: bytes => ++calls == 1 ? throw new InvalidTimeZoneException() : bytes);
        Note(audit, test, byWalk);
        Assert.Throws<InvalidTimeZoneException>(() => audit.MeasureFinished(TimeSpan.MaxValue));
        Assert.True(audit.HasFinished, "it is lost");
        audit.MeasureFinished(TimeSpan.MaxValue);

        Assert.Equal((0, false), (test.Cache.GetSnapshot().UnfinishedEntries, audit.HasFinished));
        Assert.InRange(test.Cache.UsedMemory, 50_000, 51_000);
    }

    /// <summary>Otherwise the process would end.</summary>
    [Fact]
    public void The_thread_goes_on_where_memory_runs_out_and_cannot_even_be_logged()
    {
        using var test = new CacheUnderTest();
        using ICacheEntry entry = AddFinished(test);
        var auditor = new Auditor();
        int calls = 0;
        using var log = new LogWithoutMemory();
        using CacheAudit audit = Audit(
            test, bytes => ++calls == 1 ? throw new InsufficientMemoryException() : bytes, auditor, log);
        Note(audit, test, byWalk: true);
        Assert.True(auditor.TryJoin(audit));

        Assert.True(
            SpinWait.SpinUntil(() => test.Cache.GetSnapshot().UnfinishedEntries == 0, s_patience), "it does not go on");
    }

    [Fact]
    public void Two_caches_with_much_to_do_both_get_laps()
    {
        using var one = new CacheUnderTest(static options => options.MaxMemory = 1L << 30);
        using var other = new CacheUnderTest(static options => options.MaxMemory = 1L << 30);
        var auditor = new Auditor(hasThread: false);
        using CacheAudit first = Audit(one, static bytes => bytes, auditor, share: 0.01);
        using CacheAudit second = Audit(other, static bytes => bytes, auditor, share: 0.01);
        foreach ((CacheUnderTest test, CacheAudit audit) in new[] { (one, first), (other, second) })
        {
            // More than a lap comes to meanwhile.
            for (int i = 0; i < 100_000; i++)
            {
                test.Cache.Set(i, new ChangingValue.Holder());
            }

            Assert.True(auditor.TryJoin(audit));
        }

        // On a thread that has worked for nothing else.
        bool areDue = true;
        var thread = new Thread(() =>
        {
            long started = Environment.TickCount64;
            while ((first.Totals.Audited < 10 || second.Totals.Audited < 10)
                && Environment.TickCount64 - started < s_patience.TotalMilliseconds)
            {
                first.OnManyFinished();
                second.OnManyFinished();
                areDue &= first.IsLapDue && second.IsLapDue;
                Thread.Sleep(auditor.TakeTurn()!.Value + TimeSpan.FromMilliseconds(1));
            }
        });
        thread.Start();
        thread.Join();

        Assert.True(areDue, "a lap came to its end");
        Assert.InRange(first.Totals.Audited, 10, long.MaxValue);
        Assert.InRange(second.Totals.Audited, 10, long.MaxValue);
    }

    /// <summary>Of two caches on one thread, the larger share counts.</summary>
    [Fact]
    public void A_cache_with_a_tiny_share_does_not_make_the_others_rest()
    {
        const int Turns = 5;
        using var one = new CacheUnderTest(static options => options.MaxMemory = 1L << 30);
        using var other = new CacheUnderTest(static options => options.MaxMemory = 1L << 30);
        var auditor = new Auditor(hasThread: false);
        using CacheAudit first = Audit(one, static bytes => bytes, auditor, share: 0.5);
        using CacheAudit second = Audit(other, static bytes => bytes, auditor, share: 0.0001);
        foreach ((CacheUnderTest test, CacheAudit audit) in new[] { (one, first), (other, second) })
        {
            // More than a lap comes to meanwhile.
            for (int i = 0; i < 100_000; i++)
            {
                test.Cache.Set(i, new ChangingValue.Holder());
            }

            Assert.True(auditor.TryJoin(audit));
        }

        // On a thread that has worked for nothing else.
        (int turns, int turnsOfOther) = (0, 0);
        var thread = new Thread(() =>
        {
            long started = Environment.TickCount64;
            while (turns < Turns && Environment.TickCount64 - started < s_patience.TotalMilliseconds)
            {
                (long before, long otherBefore) = (first.Totals.Audited, second.Totals.Audited);
                Thread.Sleep(auditor.TakeTurn()!.Value + TimeSpan.FromMilliseconds(1));
                turns += first.Totals.Audited > before ? 1 : 0;
                turnsOfOther += second.Totals.Audited > otherBefore ? 1 : 0;
            }
        });
        thread.Start();
        thread.Join();

        Assert.Equal(Turns, turns);
        Assert.InRange(turnsOfOther, Turns / 2, Turns);
    }

    [Fact]
    public void A_store_that_ends_after_the_cache_was_disposed_keeps_no_thread_awake()
    {
        using var test = new CacheUnderTest();
        var auditor = new Auditor(hasThread: false);
        CacheAudit audit = Audit(test, static bytes => bytes, auditor);
        audit.Dispose();
        var kind = new StoredKind(default, IsUnfinished: true, IsLowerBound: true, Running: null);
        audit.OnStored(in kind, "value", hash: 7);

        Assert.False(audit.HasFinished, "it is to be measured");
        Assert.Null(auditor.TakeTurn());
    }

    [Fact]
    public void A_later_store_starts_the_thread_where_the_first_could_not()
    {
        int tries = 0;
        var auditor = new Auditor(start: thread =>
        {
            if (++tries == 1)
            {
                throw new InsufficientMemoryException();
            }

            thread.UnsafeStart();
        });
        using var test = new CacheUnderTest();
        using CacheAudit audit = Audit(test, static bytes => bytes, auditor);
        StoredKind kind = audit.KindOf("key", new ChangingValue.Holder(), 0, 0, default);
        audit.OnStored(kind, null, 0);
        Assert.Equal((1, false), (tries, auditor.IsRunning));
        audit.OnStored(kind, null, 0);
        Assert.Equal((1, false), (tries, auditor.IsRunning));

        Assert.True(
            SpinWait.SpinUntil(
                () =>
                {
                    audit.OnStored(kind, null, 0);
                    return auditor.IsRunning;
                },
                s_patience),
            "no store tries again");
        Assert.Equal(2, tries);
    }

    /// <summary>The entry is stored by then.</summary>
    [Fact]
    public void A_writer_that_is_interrupted_while_its_cache_joins_does_not_fail_and_stays_interrupted()
    {
        using var isStarting = new ManualResetEventSlim();
        using var mayStart = new ManualResetEventSlim();
        var auditor = new Auditor(start: _ =>
        {
            isStarting.Set();
            Assert.True(mayStart.Wait(s_patience));
        });
        using var test = new CacheUnderTest();
        using CacheAudit first = Audit(test, static bytes => bytes, auditor);
        using CacheAudit second = Audit(test, static bytes => bytes, auditor);
        StoredKind kind = first.KindOf("key", new ChangingValue.Holder(), 0, 0, default);
        var starter = new Thread(() => first.OnStored(kind, null, 0));
        starter.Start();
        Assert.True(isStarting.Wait(s_patience));
        Exception? failure = null;
        Exception? later = null;
        var writer = new Thread(() =>
        {
            failure = Record.Exception(() => second.OnStored(kind, null, 0));
            later = Record.Exception(static () => Thread.Sleep(1));
        });
        writer.Start();
        Assert.True(SpinWait.SpinUntil(
            () => (writer.ThreadState & ThreadState.WaitSleepJoin) != 0, s_patience));
        writer.Interrupt();
        mayStart.Set();
        Assert.True(writer.Join(s_patience) && starter.Join(s_patience));

        Assert.Null(failure);
        Assert.IsType<ThreadInterruptedException>(later);
    }

    /// <summary>Stores a lazy, and makes its value afterwards.</summary>
    private static ICacheEntry AddFinished(CacheUnderTest test)
    {
        var lazy = new Lazy<byte[]>(static () => new byte[50_000]);
        ICacheEntry entry = test.Cache.CreateEntry("key");
        entry.Value = lazy;
        entry.Dispose();
        Assert.NotNull(lazy.Value);
        Assert.Equal(1, test.Cache.GetSnapshot().UnfinishedEntries);
        return entry;
    }

    private static void Note(CacheAudit audit, CacheUnderTest test, bool byWalk)
    {
        if (byWalk)
        {
            audit.OnManyFinished();
            return;
        }

        var entries = new List<AuditedEntry>();
        test.Cache.Engine.Read(0, AuditedEntries.Unfinished, entries, 64);
        audit.OnFinished(Assert.Single(entries).Hash);
    }

    /// <summary>One more audit of a cache, besides its own, which does nothing in these tests.</summary>
    private static CacheAudit Audit(
        CacheUnderTest test,
        Func<long, long> charge,
        Auditor? auditor = null,
        ILogger? log = null,
        double share = 0) => new(new AuditSetup
        {
            CacheName = "test",
            Engine = test.Cache.Engine,
            Logger = log ?? NullLogger.Instance,
            Auditor = auditor ?? new Auditor(hasThread: false),
            Share = share,
            OnlyReports = false,
            SizedTypes = null,
            Charge = (bytes, _, _) => charge(bytes),
            Pace = static () => { },
        });

    private sealed class LogWithoutMemory : TestLog
    {
        protected override void Write(LogLevel level, EventId id, string message, Exception? failure) =>
            throw new InsufficientMemoryException();
    }
}
