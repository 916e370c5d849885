using System.Diagnostics.CodeAnalysis;
using System.Runtime.ExceptionServices;

namespace BoundedCache.Process;

/// <summary>Steps that are all done, whatever one of them throws: how a cache ends.</summary>
internal static class EveryStep
{
    /// <summary>Runs the steps in their order. What they threw goes to the caller after the last one.</summary>
    /// <remarks>
    /// A step that an interrupt ends early is run again, and the thread is interrupted again at the end. Nobody would
    /// do the rest later.
    /// </remarks>
    /// <exception cref="AggregateException">Several threw. Of a single one its own exception is thrown.</exception>
    [SuppressMessage("Design", "CA1031", Justification = "All of them are thrown at the end.")]
    public static void Run(params ReadOnlySpan<Action> steps)
    {
        List<Exception> failures = [];
        bool isInterrupted = false;
        foreach (Action step in steps)
        {
            try
            {
                isInterrupted |= Endurance.Run(step);
            }
            catch (Exception failure)
            {
                failures.Add(failure);
            }
        }

        if (isInterrupted)
        {
            Thread.CurrentThread.Interrupt();
        }

        if (failures.Count == 1)
        {
            ExceptionDispatchInfo.Throw(failures[0]);
        }
        else if (failures.Count > 1)
        {
            throw new AggregateException(failures);
        }
    }
}
