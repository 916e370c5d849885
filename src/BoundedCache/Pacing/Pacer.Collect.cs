using System.Diagnostics.CodeAnalysis;
using BoundedCache.Process;

namespace BoundedCache.Pacing;

/// <content>Runs the collections that are due. Never under the lock.</content>
internal sealed partial class Pacer
{
    // After a collection that failed or had no thread, the next is not tried before this time is over.
    private static readonly TimeSpan s_retry = TimeSpan.FromMilliseconds(100);

    private bool _isFailureTold;

    /// <returns>Whether the collection runs now, or has run.</returns>
    private bool Start(PacedAccount account, Action collect)
    {
        try
        {
            _run(() => Run(account, collect));
            Interlocked.Increment(ref _collections);
            return true;
        }
        catch (Exception exception) when (exception is OutOfMemoryException or ThreadStartException)
        {
            // No memory for a thread: the writer that reported must not fail, and nobody must wait for what does not
            // run.
            GiveUp(account, exception);
            Gate.Open();
            return false;
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "An exception here would end the process; it is logged.")]
    private void Run(PacedAccount account, Action collect)
    {
        try
        {
            collect();
            WaitForEnd();
        }
        catch (Exception exception)
        {
            GiveUp(account, exception);
        }
        finally
        {
            Gate.Open();
        }
    }

    /// <summary>The collection that began did not run: what was dead still is.</summary>
    private void GiveUp(PacedAccount account, Exception exception)
    {
        using (_lock.EnterAlways())
        {
            if (_isCollecting)
            {
                _isCollecting = false;
                _dead += _deadBefore;
                _deadBefore = default;
                _holes.GiveUp();
            }

            _notBefore = _time.GetTimestamp() + (long)(s_retry.TotalSeconds * _time.TimestampFrequency);

            // Where nobody writes. Not as soon: it may fail for long.
            LookIn_NeedsLock(s_longest);
        }

        TellFailure(account, exception);
    }

    private void TellFailure(PacedAccount account, Exception exception)
    {
        if (!Interlocked.Exchange(ref _isFailureTold, true))
        {
            account.OnFailed?.Invoke(exception);
        }
    }

    [SuppressMessage("ApiDesign", "RS0030", Justification = "Nobody announces the end: it is looked for.")]
    private void WaitForEnd()
    {
        while (true)
        {
            lock (_lock)
            {
                NoteCollections_NeedsLock();
                if (!_isCollecting)
                {
                    return;
                }
            }

            Thread.Sleep(s_look);
        }
    }

    [SuppressMessage(
        "Design", "CA1031", Justification = "The writer that reported must not fail for it; it is logged.")]
    private void CompactYoung(PacedAccount account)
    {
        long startedAt = _time.GetTimestamp();
        try
        {
            _collector.CompactYoung();
        }
        catch (Exception exception)
        {
            TellFailure(account, exception);
        }

        TimeSpan taken = _time.GetElapsedTime(startedAt);
        using (_lock.EnterAlways())
        {
            _young.End(taken, _budget.ShareOfPauses);
            _pausedTicks += taken.Ticks;
        }
    }

    private static void RunOnOwnThread(Action collect) =>
        new Thread(() => collect()) { IsBackground = true, Name = "BoundedCache pacer" }.Start();
}
