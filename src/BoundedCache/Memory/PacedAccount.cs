using System.Runtime.CompilerServices;

namespace BoundedCache.Memory;

/// <summary>What the pacer knows of one cache: its budget, and how many of its bytes are counted already.</summary>
internal sealed class PacedAccount(Pacer pacer, double share)
{
    /// <summary>Reports per budget: often enough that a collection comes in time, seldom enough that writers do not meet at the pacer.</summary>
    private const int ReportsPerBudget = 16;

    /// <summary>No budget is larger, whatever the limit, so that sums of budgets do not overflow.</summary>
    private const long MaximumBudgetBytes = 1L << 50;

    private long _counted;
    private long _nextReport;

    /// <summary>Bytes that may lie dead before this cache alone would have them collected.</summary>
    public long BudgetBytes { get; private set; }

    /// <summary>To be called after a change: reports to the pacer where enough has left the cache since the last report. Cheap where not.</summary>
    /// <param name="creditedBytes">Bytes that ever left the cache.</param>
    /// <param name="limitBytes">The cache's limit.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Look(long creditedBytes, long limitBytes)
    {
        if (creditedBytes >= Volatile.Read(ref _nextReport))
        {
            pacer.Report(this, creditedBytes, limitBytes);
        }
    }

    /// <summary>Notes what left the cache, and its limit as it is now. By the pacer, under its lock.</summary>
    /// <returns>Bytes that left since the last report.</returns>
    public long Enter(long creditedBytes, long limitBytes)
    {
        // Two writers may arrive in the wrong order: the later figure holds.
        long news = Math.Max(0, creditedBytes - _counted);
        _counted += news;
        BudgetBytes = (long)Math.Min(MaximumBudgetBytes, limitBytes * share);
        Volatile.Write(ref _nextReport, _counted + (Math.Max(BudgetBytes, Pacer.MinimumBudgetBytes) / ReportsPerBudget));
        return news;
    }
}
