using BoundedCache.Engine;

namespace BoundedCache.Tests;

/// <summary>Threads that are interrupted where they wait for a lock.</summary>
internal static class Interruption
{
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    /// <summary>Whether an action ends with the exception of an interrupted thread.</summary>
    public static bool Ends(Action action)
    {
        try
        {
            action();
            return false;
        }
        catch (ThreadInterruptedException)
        {
            return true;
        }
    }

    /// <summary>Whether this thread is interrupted and did not get the exception yet.</summary>
    public static bool IsPending() => Ends(static () => Thread.Sleep(1));

    /// <summary>
    /// Rounds until a thread was interrupted inside: on a busy machine it may be through before another one looks.
    /// What must hold is asserted in each.
    /// </summary>
    public static void Until(Func<bool> round) =>
        Assert.True(Enumerable.Range(0, 100).Any(_ => round()), "In no round was the thread interrupted inside.");

    /// <summary>
    /// Interrupts a thread between two holds of the lock, where the condition holds, and waits for its end.
    /// </summary>
    public static void Where(EngineLock engineLock, Thread worker, Func<bool> isInside)
    {
        worker.Start();
        bool isFound = false;
        while (!isFound && worker.IsAlive)
        {
            using (engineLock.Enter())
            {
                isFound = isInside();
                if (isFound)
                {
                    worker.Interrupt();
                    Assert.True(SpinWait.SpinUntil(() => !worker.IsAlive || engineLock.Waiting > 0, Patience));
                }
            }
        }

        Assert.True(worker.Join(Patience));
    }

    /// <summary>
    /// Runs work on a thread up to a place that it reaches itself, takes a lock there, and interrupts the thread where
    /// it waits next, which must be for that lock.
    /// </summary>
    /// <param name="hold">Takes the lock, runs its argument, and frees the lock.</param>
    /// <param name="work">Calls its argument at the place.</param>
    public static void Next(Action<Action> hold, Action<Action> work)
    {
        using var isIn = new ManualResetEventSlim();
        using var mayGo = new ManualResetEventSlim();
        bool goes = false;
        Exception? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                work(() =>
                {
                    isIn.Set();
                    Assert.True(mayGo.Wait(Patience));
                    Thread.CurrentThread.Interrupt();
                    Volatile.Write(ref goes, true);
                });
            }
            catch (Exception thrown)
            {
                failure = thrown;
            }
        });
        thread.Start();
        Assert.True(isIn.Wait(Patience));
        hold(() =>
        {
            mayGo.Set();
            Assert.True(SpinWait.SpinUntil(
                () => Volatile.Read(ref goes)
                    && (!thread.IsAlive || thread.ThreadState.HasFlag(ThreadState.WaitSleepJoin)),
                Patience));
        });
        Assert.True(thread.Join(Patience));
        Assert.Null(failure);
    }
}
