using System.Runtime.CompilerServices;

namespace BoundedCache.Pacing;

/// <summary>
/// What the pacer knows of one cache: its budget, and which of the bytes that came and went are already counted.
/// </summary>
internal sealed class PacedAccount(Pacer pacer, double share)
{
    /// <summary>
    /// Reports per budget: enough that a collection comes in time, and few enough that writers do not wait for each
    /// other.
    /// </summary>
    private const int ReportsPerBudget = 16;

    /// <summary>A larger limit counts as this, so that sums do not overflow.</summary>
    public const long MaximumBytes = 1L << 50;

    private long _came;
    private long _left;
    private long _leftByBulkWork;
    private DeadBytes _held;
    private int _suspensions;
    private long _suspendedUntil;
    private long _cameMeanwhile;
    private long _nextReport;

    /// <summary>Told of a collection that failed; null for nobody.</summary>
    public Action<Exception>? OnFailed { get; init; }

    /// <summary>Bytes that may be dead before this cache alone causes a collection.</summary>
    public long BudgetBytes { get; private set; }

    /// <summary>The cache's limit, as it last reported.</summary>
    public long LimitBytes { get; private set; }

    /// <summary>
    /// Call it after a change. It reports to the pacer if enough came into the cache or left it since the last report;
    /// otherwise it is cheap.
    /// </summary>
    /// <param name="creditedBytes">Bytes that ever left the cache.</param>
    /// <param name="usedBytes">Bytes in the cache.</param>
    /// <param name="limitBytes">The cache's limit.</param>
    /// <param name="mayWait">Whether the caller is a writer, which may be held back.</param>
    /// <param name="bulkBytes">Of the bytes that ever left, those that bulk work removed.</param>
    /// <returns>How long the caller waited for the collector; zero for nearly all.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TimeSpan Report(
        long creditedBytes, long usedBytes, long limitBytes, bool mayWait = false, long bulkBytes = 0) =>

        // Credited and used bytes together grow only by what comes in. Credited bytes count twice, so that entries that
        // leave are seen too.
        (2 * creditedBytes) + usedBytes >= Volatile.Read(ref _nextReport)
            ? pacer.Report(this, creditedBytes, usedBytes, limitBytes, mayWait, bulkBytes)
            : TimeSpan.Zero;

    /// <summary>
    /// Records what came into the cache and left it, and its current limit. Called by the pacer, under its lock.
    /// </summary>
    /// <param name="creditedBytes">Bytes that ever left the cache.</param>
    /// <param name="usedBytes">Bytes in the cache.</param>
    /// <param name="limitBytes">The cache's limit.</param>
    /// <param name="now">The pacer's clock.</param>
    /// <param name="bulkBytes">Of the bytes that ever left, those that bulk work removed.</param>
    /// <returns>
    /// Since the last report: bytes that left and count by now; bytes that came; and of these, what took room that bulk
    /// work had freed or that was free. What leaves while the account is suspended counts later.
    /// </returns>
    public (DeadBytes Left, long Came, long Refilled) Enter(
        long creditedBytes, long usedBytes, long limitBytes, long now, long bulkBytes = 0)
    {
        // Two writers may arrive in the wrong order: the later figure holds. What left was read before what bulk work
        // removed of it.
        long left = Math.Max(0, creditedBytes - _left);
        long byBulkWork = Math.Clamp(bulkBytes - _leftByBulkWork, 0, left);
        long came = Math.Max(0, creditedBytes + usedBytes - _came);
        long refilled = Math.Max(0, came - (left - byBulkWork));
        _left += left;
        _leftByBulkWork += byBulkWork;
        _came += came;
        LimitBytes = Math.Min(MaximumBytes, limitBytes);
        BudgetBytes = (long)(LimitBytes * share);
        _held += new DeadBytes(left, byBulkWork);
        _cameMeanwhile += came;
        if (_suspensions > 0
            && now < _suspendedUntil
            && _cameMeanwhile <= Math.Max(BudgetBytes, PacingBudget.MinimumBytes))
        {
            return (default, came, refilled);
        }

        (DeadBytes dead, _held) = (_held, default);
        return (dead, came, refilled);
    }

    /// <summary>
    /// What leaves does not count until <see cref="Resume"/> was called as often, the time has come, or a budget came
    /// in. Called by the pacer, under its lock.
    /// </summary>
    public void Suspend(long until)
    {
        _cameMeanwhile = _suspensions++ == 0 ? 0 : _cameMeanwhile;
        _suspendedUntil = until;
    }

    /// <summary>Another time for a <see cref="Suspend"/>. Called by the pacer, under its lock.</summary>
    public void KeepSuspended(long until) => _suspendedUntil = until;

    /// <summary>Ends a <see cref="Suspend"/>. Called by the pacer, under its lock.</summary>
    public void Resume() => _suspensions--;

    /// <summary>Says when the cache is to report next. Called by the pacer, under its lock.</summary>
    /// <param name="atOnce">True for with its next change; false for when enough came or left.</param>
    public void ExpectReport(bool atOnce) => Volatile.Write(
        ref _nextReport,
        atOnce ? 0 : _left + _came + (Math.Max(BudgetBytes, PacingBudget.MinimumBytes) / ReportsPerBudget));
}
