using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;

namespace BoundedCache.TestSupport;

/// <summary>
/// Threads that work one at a time, each on demand: uses from several threads that never overlap.
/// </summary>
public sealed class TurnTakers : IDisposable
{
    private readonly BlockingCollection<Action>[] _work;

    public TurnTakers(int threads)
    {
        _work = [.. Enumerable.Range(0, threads).Select(static _ => new BlockingCollection<Action>())];
        foreach (BlockingCollection<Action> queue in _work)
        {
            new Thread(() =>
            {
                foreach (Action action in queue.GetConsumingEnumerable())
                {
                    action();
                }
            })
            { IsBackground = true, Name = "turn taker" }.Start();
        }
    }

    public int Count => _work.Length;

    /// <summary>
    /// Runs an action on the given thread and returns when it is done, with the exception if it threw.
    /// </summary>
    public void Run(int thread, Action action)
    {
        var done = new TaskCompletionSource();
        _work[thread].Add(() =>
        {
            try
            {
                action();
                done.SetResult();
            }
#pragma warning disable CA1031 // Carried to the caller.
            catch (Exception failure)
#pragma warning restore CA1031
            {
                done.SetException(failure);
            }
        });
        try
        {
            done.Task.GetAwaiter().GetResult();
        }
        catch (Exception failure)
        {
            ExceptionDispatchInfo.Throw(failure);
        }
    }

    public void Dispose()
    {
        foreach (BlockingCollection<Action> queue in _work)
        {
            queue.CompleteAdding();
        }
    }
}
