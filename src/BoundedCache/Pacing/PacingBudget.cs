using BoundedCache.Process;

namespace BoundedCache.Pacing;

/// <summary>
/// The accounts of all caches, and the bytes that may lie dead before the whole heap is collected: the caches' budgets
/// taken together, within bounds. Guarded by the pacer's lock.
/// </summary>
internal sealed class PacingBudget(CollectorSettings settings)
{
    /// <summary>
    /// The minimum budget: below it a collection of the whole heap costs more than the bytes are worth.
    /// </summary>
    public const long MinimumBytes = 8L * 1024 * 1024;

    /// <summary>
    /// The minimum budget where limits are close to zero. Half of the limits is subtracted from it, down to
    /// <see cref="MinimumBytes"/> at 48 MiB. A share of a few megabytes would be used up hundreds of times a second,
    /// for little memory.
    /// </summary>
    public const long SmallCacheBytes = 4 * MinimumBytes;

    // Where the heap has a hard limit, its room beyond the caches' limits must hold dead bytes, new bytes, the growth
    // of both during a collection, and the application.
    private const int RoomPerBudget = 4;

    private readonly long? _heapLimitBytes = settings.HeapHardLimitBytes is > 0 and long limit ? limit : null;
    private readonly WeakList<PacedAccount> _accounts = new();

    /// <summary>Adds an account. It is held weakly, and counts for as long as its cache lives.</summary>
    public void Add(PacedAccount account) => _accounts.Add(account);

    /// <summary>The budget now, in bytes.</summary>
    public long Compute()
    {
        long budgets = 0;
        long limits = 0;
        foreach (PacedAccount account in _accounts)
        {
            budgets += account.BudgetBytes;
            limits += account.LimitBytes;
        }

        long budget = Math.Max(budgets, Math.Max(MinimumBytes, SmallCacheBytes - (limits / 2)));
        return _heapLimitBytes is long heap
            ? Math.Max(MinimumBytes, Math.Min(budget, (heap - limits) / RoomPerBudget))
            : budget;
    }
}
