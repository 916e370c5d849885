using System.Diagnostics;
using BoundedCache.Process;

namespace BoundedCache.Pacing;

/// <summary>
/// Where writers wait while the collector is behind. Each waits until the collection that runs ends, and for
/// <see cref="LongestWait"/> at most, so a collector that is stuck holds nobody for good. Thread-safe.
/// </summary>
/// <param name="longestWait">The longest wait of one writer.</param>
internal sealed class WriterGate(TimeSpan longestWait)
{
    /// <summary>
    /// The longest wait of one writer, in all: longer than a collection takes in a process that is mostly cache, and
    /// short for a caller.
    /// </summary>
    public static readonly TimeSpan LongestWait = TimeSpan.FromMilliseconds(250);

    private readonly object _lock = new();
    private long _openings;
    private int _waiting;
    private long _waits;

    /// <summary>
    /// How often the gate was opened. A writer reads this before it decides to wait: an opening that comes in between
    /// then ends the wait.
    /// </summary>
    public long Openings => Volatile.Read(ref _openings);

    /// <summary>Writers that wait now.</summary>
    public int Waiting => Volatile.Read(ref _waiting);

    /// <summary>Waits so far.</summary>
    public long Waits => Volatile.Read(ref _waits);

    /// <summary>
    /// Waits for the next opening. A thread that is interrupted waits no longer, and stays interrupted: what it wrote
    /// is stored, so its write must not fail.
    /// </summary>
    /// <param name="openings">What <see cref="Openings"/> was when the writer decided to wait.</param>
    /// <returns>How long it waited.</returns>
    public TimeSpan Wait(long openings)
    {
        long startedAt = Stopwatch.GetTimestamp();
        EnduringLock.EnterAlways(_lock);
        _waiting++;
        _waits++;
        try
        {
            // One wait is enough: a thread that is woken without an opening has waited less than it might.
            if (_openings == openings)
            {
                Monitor.Wait(_lock, longestWait);
            }
        }
        catch (ThreadInterruptedException)
        {
            Thread.CurrentThread.Interrupt();
        }
        finally
        {
            _waiting--;
            Monitor.Exit(_lock);
        }

        return Stopwatch.GetElapsedTime(startedAt);
    }

    /// <summary>Lets all writers that wait go on.</summary>
    public void Open()
    {
        EnduringLock.EnterAlways(_lock);
        _openings++;
        Monitor.PulseAll(_lock);
        Monitor.Exit(_lock);
    }
}
