using BoundedCache.Process;

namespace BoundedCache.Pacing;

/// <content>Leaves out what a bulk eviction makes dead, which a release will collect.</content>
internal sealed partial class Pacer
{
    // Far longer than a batch of an eviction takes. One that is stuck in code of the application must not leave its
    // cache unpaced: writers may go on filling it.
    private static readonly TimeSpan s_longestSuspension = TimeSpan.FromMilliseconds(100);

    /// <summary>
    /// What leaves one cache does not count until <see cref="Resume"/>, for a bounded time, and while little comes in.
    /// For a bulk eviction that a release will follow. Other caches are paced as ever.
    /// </summary>
    public void Suspend(PacedAccount account)
    {
        lock (_lock)
        {
            account.Suspend(EndOfSuspension());
        }
    }

    /// <summary>Gives a <see cref="Suspend"/> its time again: the eviction goes on.</summary>
    public void KeepSuspended(PacedAccount account)
    {
        using (_lock.EnterAlways())
        {
            account.KeepSuspended(EndOfSuspension());
        }
    }

    /// <summary>
    /// Ends a <see cref="Suspend"/>. What left meanwhile counts from now on, and begins no collection by itself: the
    /// release's settles it.
    /// </summary>
    /// <param name="account">The cache's account.</param>
    /// <param name="creditedBytes">Bytes that ever left the cache.</param>
    /// <param name="usedBytes">Bytes in the cache.</param>
    /// <param name="limitBytes">The cache's limit.</param>
    /// <param name="bulkBytes">Of the bytes that ever left, those that bulk work removed.</param>
    public void Resume(
        PacedAccount account, long creditedBytes, long usedBytes, long limitBytes, long bulkBytes = 0)
    {
        using (_lock.EnterAlways())
        {
            NoteCollections_NeedsLock();
            account.Resume();
            Enter_NeedsLock(account, creditedBytes, usedBytes, limitBytes, bulkBytes);
            account.ExpectReport(atOnce: false);
        }
    }

    private long EndOfSuspension() =>
        _time.GetTimestamp() + (long)(s_longestSuspension.TotalSeconds * _time.TimestampFrequency);
}
