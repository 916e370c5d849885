using System.Diagnostics.CodeAnalysis;
using BoundedCache.Process;

namespace BoundedCache.Pacing;

/// <summary>
/// What keeps a process's memory near its caches' limits while they churn: counts the bytes that left all caches since
/// the collector last looked at the whole heap, and asks it to look again, in the background, when they pass the
/// caches' budgets taken together. When half as much has come into caches since the last collection of any kind, it has
/// the young generations compacted. Where holes have come to be many and little is alive, it has the whole heap
/// compacted in the place of a collection in the background.
/// </summary>
/// <remarks>
/// <para>What a cache evicts has mostly lived long enough to be in the oldest generation, where it stays, dead,
/// until that generation is collected. The runtime does so by budgets of its own, which let such a process grow to
/// twice its live heap.</para>
/// <para>What comes in is new, and the runtime lets new objects pile up by the size of the processor's cache, which on
/// a large server is hundreds of megabytes whatever the limit. When it then finds nearly all of them alive it leaves
/// them where they are, and what died between them (what an entry is built with) stays as holes for as long as the
/// entries live. Compacted early, they fill the holes that older entries left; so early that the runtime's own
/// collection does not come first, where that is known to come for what caches take in. The process stops more often
/// and for less time each, and for no longer in all: nearly all the time goes to moving what is kept, once.</para>
/// <para>It keeps silent when the process collects often enough by itself (what left before such a collection no longer
/// counts), in a no-GC region, and for as long as its collections would take more than
/// <see cref="MaxShareOfProcessor"/>, or young ones more than <see cref="MaxShareOfTime"/>. It collects the whole heap
/// on a thread of its own, made for that and gone afterwards: a collection in the background begins with a short one
/// that is not, and a writer should not be the one to wait for it. For a young collection all threads wait, so the
/// writer that reported runs it.</para>
/// </remarks>
internal sealed class Pacer
{
    /// <summary>
    /// The least budget: below it a collection of the whole heap costs more than the bytes are worth.
    /// </summary>
    public const long MinimumBudgetBytes = 8L * 1024 * 1024;

    /// <summary>
    /// The least budget where limits are next to nothing. Half of them is taken off it, down to
    /// <see cref="MinimumBudgetBytes"/> at 48 MiB: a share of a few megabytes would be used up hundreds of times a
    /// second, for memory that nobody would miss.
    /// </summary>
    public const long SmallCacheBudgetBytes = 4 * MinimumBudgetBytes;

    /// <summary>
    /// The most that these collections may take of one processor, their time from begin to end
    /// taken for processor time.
    /// </summary>
    public const double MaxShareOfProcessor = 0.85;

    /// <summary>The most of all time that young collections may stop the process for.</summary>
    public const double MaxShareOfTime = 0.5;

    /// <summary>The most of all time that closing holes may stop the process for.</summary>
    public const double MaxShareForHoles = 0.01;

    // New and dead bytes stand side by side above the limit; the young ones cost less to collect, so
    // they get the smaller part.
    private const int YoungPerBudget = 2;

    // A young collection that nobody asked for, and that comes after less than this, is not for what caches take in.
    // After more, the next is forestalled: due after three quarters of it. The bound rises by a sixty-fourth with every
    // young collection that is in time, so that it follows the runtime's budgets both ways.
    private const long MinimumUnaskedBytes = 2L * 1024 * 1024;
    private const int UnaskedRecovery = 64;

    // Where the heap has a hard limit, what it has beyond the caches' limits must hold the dead, the new, what both
    // grow by while the collector runs, and the application.
    private const int RoomPerBudget = 4;

    // Background collections never close holes, and where entries die in another order than they came the runtime lets
    // two thirds of the heap become holes before it does.
    private const int LivePerHoles = 4;
    private const long MinimumHoleBytes = 16L * 1024 * 1024;

    // Up to this much alive it stops the process for less than a tenth of a second.
    private const long QuickLiveBytes = 256L * 1024 * 1024;

    private static readonly TimeSpan s_longest = TimeSpan.FromSeconds(30);

    private readonly IGarbageCollector _collector;
    private readonly TimeProvider _time;
    private readonly Action<Action> _run;
    private readonly long? _heapLimitBytes;
    private readonly Lock _lock = new();
    private readonly WeakList<PacedAccount> _accounts = new();
    private long _deadBytes;
    private int _fullCollections;
    private long _notBefore = long.MinValue;
    private bool _isCollecting;
    private long _startedAt;
    private long _lastFull;
    private long _collections;
    private long _youngBytes;
    private int _anyCollections;
    private long _unaskedBytes = PacedAccount.MaximumBytes;
    private long _youngNotBefore = long.MinValue;
    private long _youngCollections;
    private int _suspensions;
    private long _keptHoleBytes;
    private bool _isCompacting;
    private long _compactionNotBefore = long.MinValue;
    private long _compactions;

    /// <param name="collector">The process's garbage collector.</param>
    /// <param name="time">The clock by which collections are kept apart.</param>
    /// <param name="run">Runs a collection, beside the caller.</param>
    public Pacer(IGarbageCollector collector, TimeProvider time, Action<Action> run)
    {
        _collector = collector;
        _time = time;
        _run = run;
        _heapLimitBytes = collector.Settings.HeapHardLimitBytes is > 0 and long limit ? limit : null;
        _fullCollections = collector.FullCollections;
        _anyCollections = collector.AllCollections;
    }

    /// <summary>The pacer of this process.</summary>
    [SuppressMessage("ApiDesign", "RS0030", Justification = "One pacer for all caches, whatever clocks these have.")]
    public static Pacer Shared { get; } = new(ProcessMemory.Shared.Collector, TimeProvider.System, RunOnOwnThread);

    /// <summary>Collections of the whole heap asked for so far.</summary>
    public long Collections => Volatile.Read(ref _collections);

    /// <summary>Collections of the young generations asked for so far.</summary>
    public long YoungCollections => Volatile.Read(ref _youngCollections);

    /// <summary>Of the collections of the whole heap, those that compacted it.</summary>
    public long Compactions => Volatile.Read(ref _compactions);

    /// <summary>Opens the account of one cache. It is held weakly, and counts for as long as the cache lives.</summary>
    /// <param name="share">The cache's budget as a share of its limit, more than zero.</param>
    public PacedAccount Open(double share)
    {
        var account = new PacedAccount(this, share);
        lock (_lock)
        {
            _accounts.Add(account);
        }

        return account;
    }

    /// <summary>
    /// Begins no collection of the whole heap until as many calls of <see cref="Resume"/>: for a bulk eviction
    /// that a release will follow.
    /// </summary>
    public void Suspend() => Interlocked.Increment(ref _suspensions);

    /// <summary>Ends a <see cref="Suspend"/>.</summary>
    public void Resume() => Interlocked.Decrement(ref _suspensions);

    /// <summary>
    /// Takes in what came into a cache and left it since it last reported, and has the heap collected if that is due.
    /// </summary>
    public void Report(PacedAccount account, long creditedBytes, long usedBytes, long limitBytes)
    {
        bool isFullDue;
        bool isScattered;
        bool isYoungDue;
        lock (_lock)
        {
            NoteCollections();
            (long left, long came) = account.Enter(creditedBytes, usedBytes, limitBytes);
            _deadBytes += left;
            _youngBytes += came;
            long budget = BudgetBytes();
            bool mayCollect = !_collector.IsInNoGCRegion;
            isFullDue = mayCollect && TakeFull_NeedsLock(budget);
            isScattered = isFullDue && TakeCompaction_NeedsLock();
            isYoungDue = mayCollect && !isFullDue && TakeYoung_NeedsLock(budget);
        }

        if (isFullDue)
        {
            CollectFully(isScattered ? _collector.CollectCompacting : _collector.CollectInBackground);
        }
        else if (isYoungDue)
        {
            CollectYoung();
        }
    }

    private bool TakeFull_NeedsLock(long budgetBytes)
    {
        if (_isCollecting
            || Volatile.Read(ref _suspensions) > 0
            || _deadBytes < budgetBytes
            || _time.GetTimestamp() < _notBefore)
        {
            return false;
        }

        _isCollecting = true;
        _deadBytes = 0;
        _lastFull = LastFull().Index;
        _startedAt = _time.GetTimestamp();
        _collections++;
        return true;
    }

    /// <summary>
    /// Whether the holes are worth the pause that closing them takes. What the last such collection could not close
    /// (pins hold it) is no reason for another.
    /// </summary>
    private bool TakeCompaction_NeedsLock()
    {
        GCReading full = LastFull();
        _keptHoleBytes = full.Compacted ? full.FragmentedBytes : Math.Min(_keptHoleBytes, full.FragmentedBytes);
        long holes = full.FragmentedBytes - _keptHoleBytes;
        _isCompacting = holes > Math.Max(MinimumHoleBytes, full.LiveBytes / LivePerHoles)
            && full.LiveBytes <= QuickLiveBytes
            && _time.GetTimestamp() >= _compactionNotBefore;
        _compactions += _isCompacting ? 1 : 0;
        return _isCompacting;
    }

    private bool TakeYoung_NeedsLock(long budgetBytes)
    {
        if (_youngBytes < Math.Min(budgetBytes / YoungPerBudget, _unaskedBytes / 4 * 3)
            || _time.GetTimestamp() < _youngNotBefore)
        {
            return false;
        }

        // One writer collects; the others go on counting.
        _youngBytes = 0;
        _youngNotBefore = long.MaxValue;
        _youngCollections++;
        return true;
    }

    private void CollectFully(Action collect)
    {
        try
        {
            _run(collect);
        }
        catch (OutOfMemoryException)
        {
            // No memory for a thread: the runtime is about to collect by itself, and the writer that
            // reported has done nothing wrong.
        }
    }

    private void CollectYoung()
    {
        long startedAt = _time.GetTimestamp();
        _collector.CompactYoung();
        TimeSpan taken = _time.GetElapsedTime(startedAt);
        lock (_lock)
        {
            _youngNotBefore = NotBefore(taken, MaxShareOfTime);
            _anyCollections = _collector.AllCollections;
            _unaskedBytes = Math.Min(PacedAccount.MaximumBytes, _unaskedBytes + (_unaskedBytes / UnaskedRecovery));
        }
    }

    /// <summary>
    /// When the next collection may begin, so that collections take no more than this share of all time.
    /// </summary>
    private long NotBefore(TimeSpan taken, double share) =>
        _time.GetTimestamp() + (long)(taken.TotalSeconds * ((1 / share) - 1) * _time.TimestampFrequency);

    private static void RunOnOwnThread(Action collect) =>
        new Thread(() => collect()) { IsBackground = true, Name = "BoundedCache pacer" }.Start();

    /// <summary>
    /// Finds out whether the collection that was asked for is over, or the process collected the whole
    /// heap without being asked.
    /// </summary>
    private void NoteCollections()
    {
        TimeSpan taken = _time.GetElapsedTime(_startedAt);
        bool isOwn = _isCollecting || _youngNotBefore == long.MaxValue;
        if (_isCollecting && (LastFull().Index != _lastFull || taken > s_longest))
        {
            // What left meanwhile goes on counting: most of it was seen alive.
            _isCollecting = false;
            _fullCollections = _collector.FullCollections;
            _notBefore = NotBefore(taken, MaxShareOfProcessor);
            _compactionNotBefore = _isCompacting ? NotBefore(taken, MaxShareForHoles) : _compactionNotBefore;
        }

        bool isFull = false;
        if (!_isCollecting && _collector.FullCollections is var fullCollections && fullCollections != _fullCollections)
        {
            _fullCollections = fullCollections;
            _deadBytes = 0;
            isFull = true;
        }

        if (_collector.AllCollections is var allCollections && allCollections != _anyCollections)
        {
            // One of the whole heap is the process's own wish, or has reasons beside what came in: a young one before
            // each would only be one more.
            _unaskedBytes = !isOwn && !isFull && _youngBytes >= MinimumUnaskedBytes ? _youngBytes : _unaskedBytes;
            _anyCollections = allCollections;
            _youngBytes = 0;
        }
    }

    private long BudgetBytes()
    {
        long budgets = 0;
        long limits = 0;
        foreach (PacedAccount account in _accounts)
        {
            budgets += account.BudgetBytes;
            limits += account.LimitBytes;
        }

        long budget = Math.Max(budgets, Math.Max(MinimumBudgetBytes, SmallCacheBudgetBytes - (limits / 2)));
        return _heapLimitBytes is long heap
            ? Math.Max(MinimumBudgetBytes, Math.Min(budget, (heap - limits) / RoomPerBudget))
            : budget;
    }

    private GCReading LastFull()
    {
        GCReading blocking = _collector.ReadLastFullBlocking();
        GCReading background = _collector.ReadLastBackground();
        return background.Index > blocking.Index ? background : blocking;
    }
}
