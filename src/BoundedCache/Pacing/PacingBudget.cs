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

    /// <summary>
    /// A part of what a process may hold beyond its caches' limits, where they are small; the rest is for new objects
    /// and for memory without objects. See <see cref="BoundedMemoryCacheOptions.PacingShare"/>.
    /// </summary>
    public const long SlackBytes = 20L * 1024 * 1024;

    /// <summary>The same for large limits: one part in this many of them.</summary>
    public const int SlackPart = 8;

    /// <summary>The maximum share of time for pauses, where the heap is mostly the caches'.</summary>
    public const double MaxShareOfPauses = 0.5;

    /// <summary>The share of time that pauses may take however small the caches are beside the heap.</summary>
    public const double MinShareOfPauses = 0.005;

    // Where the heap has a hard limit, its room beyond the caches' limits must hold dead bytes, new bytes, the growth
    // of both during a collection, and the application.
    private const int RoomPerBudget = 4;

    // Budgets of dead bytes from which on writers wait. Under Server GC the young generations keep more memory.
    private const double BudgetsToWait = 2.5;
    private const double ServerBudgetsToWait = 2;

    private readonly long? _heapLimitBytes = settings.HeapHardLimitBytes is > 0 and long limit ? limit : null;
    private readonly WeakList<PacedAccount> _accounts = new();

    /// <summary>Adds an account. It is held weakly, and counts for as long as its cache lives.</summary>
    public void Add(PacedAccount account) => _accounts.Add(account);

    /// <summary>One of the accounts whose cache lives; null where none does.</summary>
    public PacedAccount? FindAccount()
    {
        foreach (PacedAccount account in _accounts)
        {
            return account;
        }

        return null;
    }

    /// <summary>The sum of the caches' own budgets.</summary>
    public long CachesBytes { get; private set; }

    /// <summary>The budget: what may be dead. Half of it may come in between two young collections.</summary>
    public long Bytes { get; private set; }

    /// <summary>
    /// Bytes that may be dead before the whole heap is collected: the budget, less memory without objects beyond
    /// <see cref="IdleBytes"/>, and at least half of it.
    /// </summary>
    public long DeadBytes { get; private set; }

    /// <summary>
    /// Dead bytes from which on writers wait for the collection that runs: two and a half budgets, under Server GC two.
    /// A collection that keeps up holds nobody. Small limits wait earlier: <see cref="SlackBytes"/> leaves them less.
    /// </summary>
    public long WaitBytes { get; private set; }

    /// <summary>Committed bytes without objects that are no reason to compact the heap.</summary>
    public long IdleBytes { get; private set; }

    /// <summary>
    /// The maximum share of all time for which collections of one kind may stop the process: half, and less where most
    /// of the live heap is not the caches'. A small cache must not stop a large process.
    /// </summary>
    public double ShareOfPauses { get; private set; } = MaxShareOfPauses;

    /// <summary>Adds up the caches' budgets and limits as they are now.</summary>
    /// <param name="liveBytes">Live bytes of the whole heap, as the last full collection found them.</param>
    /// <param name="idleBytes">Committed bytes without objects that it left.</param>
    public void Compute(long liveBytes, long idleBytes)
    {
        long budgets = 0;
        long limits = 0;
        foreach (PacedAccount account in _accounts)
        {
            budgets += account.BudgetBytes;
            limits += account.LimitBytes;
        }

        CachesBytes = budgets;
        long budget = Math.Max(budgets, Math.Max(MinimumBytes, SmallCacheBytes - (limits / 2)));
        Bytes = _heapLimitBytes is long heap
            ? Math.Max(MinimumBytes, Math.Min(budget, (heap - limits) / RoomPerBudget))
            : budget;

        long slack = (limits / SlackPart) + SlackBytes;
        double toWait = settings.IsServer ? ServerBudgetsToWait : BudgetsToWait;
        WaitBytes = Math.Max(Bytes, Math.Min((long)(Bytes * toWait), Math.Max((long)(budgets * toWait), slack)));
        IdleBytes = slack;

        // Memory without objects beyond that counts like dead bytes, but leaves half of the budget.
        long excess = Math.Max(0, idleBytes - slack);
        WaitBytes -= Math.Min(WaitBytes / 2, excess);
        DeadBytes = Bytes - Math.Min(Bytes / 2, excess);
        ShareOfPauses = liveBytes == 0
            ? MaxShareOfPauses
            : Math.Clamp((double)limits / liveBytes, MinShareOfPauses, MaxShareOfPauses);
    }
}
