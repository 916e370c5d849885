using System.Reflection;
using BoundedCache.Entries;
using static BoundedCache.Tests.Audit.ChangingValue;

namespace BoundedCache.Tests.Audit;

/// <summary>
/// Threads that are interrupted while they wait for one of the audit's locks: what they tell is not lost, and a task
/// that they end does not end the process.
/// </summary>
public sealed class InterruptedThreadTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    [Fact]
    public void A_task_that_an_interrupted_thread_ends_is_measured()
    {
        using var test = new CacheUnderTest(static options => options.AuditShare = 0);
        var source = new TaskCompletionSource<byte[]>();
        test.Cache.Set("key", source.Task);
        RunInterrupted(FieldOf(test.Cache.Audit!, "_finished"), () => source.SetResult(new byte[1000]));

        Assert.True(test.Cache.Audit!.HasFinished, "the end is not noticed");
        test.Cache.Audit.MeasureFinished(TimeSpan.MaxValue);
        Assert.Equal(0, test.Cache.GetSnapshot().UnfinishedEntries);
    }

    [Fact]
    public void A_chain_that_an_interrupted_thread_stores_is_noted()
    {
        using var test = new CacheUnderTest();
        var kind = new StoredKind(default, IsUnfinished: true, IsLowerBound: true, Running: null);
        RunInterrupted(
            FieldOf(test.Cache.Audit!, "_finished"), () => test.Cache.Audit!.OnStored(in kind, "value", hash: 7));

        Assert.True(test.Cache.Audit!.HasFinished, "it is lost");
    }

    [Fact]
    public void A_cache_joins_by_a_store_of_an_interrupted_thread_and_leaves_by_its_disposal()
    {
        using var test = new CacheUnderTest();
        var auditor = (Auditor)FieldOf(FieldOf(test.Cache.Audit!, "_setup"), "<Auditor>k__BackingField");
        RunInterrupted(auditor, () => test.Cache.Set("key", new Holder()));
        Assert.NotNull(auditor.TakeTurn());

        RunInterrupted(auditor, test.Cache.Dispose);
        Assert.Null(auditor.TakeTurn());
        Assert.Equal((0, 0), (test.Cache.Count, test.Cache.Engine.ChangingCount));
    }

    private static object FieldOf(object owner, string name) =>
        owner.GetType().GetField(name, BindingFlags.Instance | BindingFlags.NonPublic)!.GetValue(owner)!;

    /// <summary>Runs an action on a thread that is interrupted and has to wait for an object's lock.</summary>
    private static void RunInterrupted(object owner, Action action)
    {
        var held = (Lock)FieldOf(owner, "_lock");
        Exception? thrown = null;
        bool staysInterrupted = false;
        var thread = new Thread(() =>
        {
            Thread.CurrentThread.Interrupt();
            thrown = Record.Exception(action);
            staysInterrupted = Record.Exception(static () => Thread.Sleep(1)) is ThreadInterruptedException;
        });
        using (held.EnterScope())
        {
            thread.Start();
            Assert.True(
                SpinWait.SpinUntil(
                    () => !thread.IsAlive || (thread.ThreadState & ThreadState.WaitSleepJoin) != 0, s_patience),
                "the thread does not wait");
        }

        Assert.True(thread.Join(s_patience), "the thread does not end");
        Assert.Null(thrown);
        Assert.True(staysInterrupted, "the interruption is lost");
    }
}
