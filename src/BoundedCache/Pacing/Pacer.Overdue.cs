using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using BoundedCache.Process;

namespace BoundedCache.Pacing;

/// <content>
/// What is dead and may not be collected yet. Where caches report no more, a timer has it collected when it may be.
/// </content>
internal sealed partial class Pacer
{
    private static readonly TimeSpan s_longestTimer = TimeSpan.FromHours(1);

    private long _overdueBytes;

    // Only while something must wait.
    private WeakTimer<Pacer>? _timer;

    /// <summary>
    /// Dead bytes beyond what pacing promises, which it may not collect yet: collecting has used up its share of time,
    /// or failed a moment ago. As of the last report of a cache, or the last collection since; 0 where there are none.
    /// </summary>
    public long OverdueBytes
    {
        get
        {
            lock (_lock)
            {
                NoteCollections_NeedsLock();
                return _overdueBytes;
            }
        }
    }

    /// <summary>One cache's share of <see cref="OverdueBytes"/>, by its budget.</summary>
    public long OverdueBytesOf(PacedAccount account)
    {
        lock (_lock)
        {
            NoteCollections_NeedsLock();
            return (long)(_overdueBytes * (account.BudgetBytes / Math.Max(1.0, _budget.CachesBytes)));
        }
    }

    /// <summary>Notes what is dead beyond the promise, where a collection may not begin yet.</summary>
    private void NoteOverdue_NeedsLock()
    {
        Debug.Assert(_lock.IsHeldByCurrentThread);
        _overdueBytes = Math.Max(0, _dead.All - _budget.WaitBytes);
        if (_overdueBytes > 0)
        {
            LookIn_NeedsLock(_time.GetElapsedTime(_time.GetTimestamp(), _notBefore));
        }
    }

    private void LookIn_NeedsLock(TimeSpan due)
    {
        Debug.Assert(_lock.IsHeldByCurrentThread);

        // Timers count whole milliseconds: one more, or it would tick before the time.
        due = due > s_longestTimer ? s_longestTimer : due + TimeSpan.FromMilliseconds(1);
        if (_timer is not null)
        {
            _timer.Change(due, Timeout.InfiniteTimeSpan);
            return;
        }

        try
        {
            _timer = new WeakTimer<Pacer>(
                _time, this, static pacer => pacer.Look(), due, Timeout.InfiniteTimeSpan);
        }
        catch (OutOfMemoryException)
        {
            // No memory for a timer: the next report looks.
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "An exception here would end the process; it is logged.")]
    private void Look()
    {
        PacedAccount? account = null;
        try
        {
            Action? collect;
            using (_lock.EnterAlways())
            {
                _timer?.Stop();
                _timer = null;
                NoteCollections_NeedsLock();
                account = _budget.FindAccount();
                if (account is null)
                {
                    return;
                }

                bool mayCollect = !_collector.IsInNoGCRegion;
                collect = mayCollect ? TryBegin_NeedsLock() : null;
                if (!mayCollect && _overdueBytes > 0)
                {
                    LookIn_NeedsLock(s_longest);
                }
            }

            if (collect is not null)
            {
                Start(account, collect);
            }
        }
        catch (Exception exception)
        {
            if (account is not null)
            {
                TellFailure(account, exception);
            }
        }
    }
}
