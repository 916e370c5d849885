using System.Diagnostics;

namespace BoundedCache.Entries;

/// <content>Measuring again while somebody waits for it.</content>
internal sealed partial class CacheAudit
{
    /// <summary>
    /// Measures the likeliest values again, for a bounded time: unfinished ones, those of types that were seen to
    /// change, then others.
    /// </summary>
    /// <param name="budget">The time, also for a single value: the caller waits.</param>
    /// <param name="charges">Whether to charge what was found; otherwise it is only added up.</param>
    public Reexamination Reexamine(TimeSpan budget, bool charges)
    {
        // Twice where it charges: growth must be found in two slices.
        long started = Stopwatch.GetTimestamp();
        var found = default(Reexamination);
        for (int round = 0; round < (charges ? 2 : 1); round++)
        {
            TimeSpan left = budget - Stopwatch.GetElapsedTime(started);
            using var end = CancellationTokenSource.CreateLinkedTokenSource(_stopToken);
            if (left > TimeSpan.Zero)
            {
                end.CancelAfter(left);
            }
            else
            {
                end.Cancel();
            }

            var slice = new Slice(charges ? left / (2 - round) : left, charges) { IsWhole = true, End = end.Token };
            bool hasRun;
            while (!(hasRun = TryRun(slice, walks: true)) && Stopwatch.GetElapsedTime(started) < budget)
            {
                Thread.Yield();
            }

            found = new Reexamination(
                Math.Max(found.GrownBytes, slice.FoundBytes), found.IsCut || slice.IsCut || !hasRun);
        }

        return found;
    }

    /// <summary>Does something while a slice seems to run. For tests.</summary>
    internal void WhileBusy(Action action)
    {
        Volatile.Write(ref _isBusy, 1);
        action();
        Volatile.Write(ref _isBusy, 0);
    }
}

/// <summary>What values that were measured again showed.</summary>
/// <param name="GrownBytes">Bytes by which they were found to have grown.</param>
/// <param name="IsCut">Whether the time was over before all of them were measured.</param>
internal readonly record struct Reexamination(long GrownBytes, bool IsCut);
