using System.Runtime.CompilerServices;

namespace BoundedCache.Pacing;

/// <summary>
/// What the pacer knows of one cache: its budget, and which of the bytes that came and went are counted already.
/// </summary>
internal sealed class PacedAccount(Pacer pacer, double share)
{
    /// <summary>
    /// Reports per budget: often enough that a collection comes in time, seldom enough that writers
    /// do not meet at the pacer.
    /// </summary>
    private const int ReportsPerBudget = 16;

    /// <summary>No limit counts as more, so that sums do not overflow.</summary>
    public const long MaximumBytes = 1L << 50;

    private long _came;
    private long _left;
    private long _nextReport;

    /// <summary>Bytes that may lie dead before this cache alone would have them collected.</summary>
    public long BudgetBytes { get; private set; }

    /// <summary>The cache's limit, as it last reported.</summary>
    public long LimitBytes { get; private set; }

    /// <summary>
    /// To be called after a change: reports to the pacer where enough has come into the cache or left it since the last
    /// report. Cheap where not.
    /// </summary>
    /// <param name="creditedBytes">Bytes that ever left the cache.</param>
    /// <param name="usedBytes">Bytes in the cache.</param>
    /// <param name="limitBytes">The cache's limit.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Report(long creditedBytes, long usedBytes, long limitBytes)
    {
        // What ever came in grows by what comes in, and stands still while entries only leave: those that leave count
        // twice, to be seen as well.
        if ((2 * creditedBytes) + usedBytes >= Volatile.Read(ref _nextReport))
        {
            pacer.Report(this, creditedBytes, usedBytes, limitBytes);
        }
    }

    /// <summary>
    /// Notes what came into the cache and left it, and its limit as it is now. By the pacer, under its lock.
    /// </summary>
    /// <returns>Bytes that left, and bytes that came, since the last report.</returns>
    public (long Left, long Came) Enter(long creditedBytes, long usedBytes, long limitBytes)
    {
        // Two writers may arrive in the wrong order: the later figure holds.
        long left = Math.Max(0, creditedBytes - _left);
        long came = Math.Max(0, creditedBytes + usedBytes - _came);
        _left += left;
        _came += came;
        LimitBytes = Math.Min(MaximumBytes, limitBytes);
        BudgetBytes = (long)(LimitBytes * share);
        Volatile.Write(
            ref _nextReport, _left + _came + (Math.Max(BudgetBytes, PacingBudget.MinimumBytes) / ReportsPerBudget));
        return (left, came);
    }
}
