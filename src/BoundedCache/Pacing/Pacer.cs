using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using BoundedCache.Process;

namespace BoundedCache.Pacing;

/// <summary>
/// Keeps a process's memory near its caches' limits while entries come and go. It counts the bytes that left all caches
/// since the last collection of the whole heap. When they pass the caches' budgets taken together
/// (<see cref="PacingBudget"/>), it requests a collection in the background. It has the young generations compacted as
/// <see cref="YoungPacing"/> says. Where there are many holes and little is alive, it has the whole heap compacted
/// instead of collected in the background.
/// </summary>
/// <remarks>
/// <para>An evicted entry has mostly lived long enough to be in the oldest generation. There it stays, dead, until that
/// generation is collected. By the runtime's own budgets such a process grows far beyond its live heap.</para>
/// <para>The pacer requests nothing in a no-GC region, or when the process collects often enough by itself (what left
/// before such a collection no longer counts). It also requests nothing while its collections would take more than
/// <see cref="MaxShareOfProcessor"/>, or young ones more than <see cref="YoungPacing.MaxShareOfTime"/>. It collects the
/// whole heap on a thread made for that: a background collection begins with a short blocking one, and no writer should
/// wait for it. All threads wait for a young collection, so the writer that reported runs it.</para>
/// <para>Lock: <c>_lock</c> guards all counts, the budget and the young pacing. No collection runs under it.</para>
/// </remarks>
internal sealed class Pacer
{
    /// <summary>
    /// The maximum share of one processor that these collections may take. Their time from begin to end counts as
    /// processor time.
    /// </summary>
    public const double MaxShareOfProcessor = 0.85;

    /// <summary>The maximum share of all time for which closing holes may stop the process.</summary>
    public const double MaxShareForHoles = 0.01;

    /// <summary>
    /// Live bytes up to which a compacting collection of the whole heap stops the process only briefly.
    /// </summary>
    public const long QuickLiveBytes = 256L * 1024 * 1024;

    // Background collections never close holes. Where entries die in another order than they came, the runtime lets
    // most of the heap become holes before it compacts.
    private const int LivePerHoles = 4;
    private const long MinimumHoleBytes = 16L * 1024 * 1024;

    private static readonly TimeSpan s_longest = TimeSpan.FromSeconds(30);

    private readonly IGarbageCollector _collector;
    private readonly TimeProvider _time;
    private readonly Action<Action> _run;
    private readonly Lock _lock = new();
    private readonly PacingBudget _budget;
    private readonly YoungPacing _young;
    private int _suspensions;

    // Collections of the whole heap: those seen, the last one requested, and when the next may begin.
    private long _deadBytes;
    private int _fullCollections;
    private bool _isCollecting;
    private long _startedAt;
    private long _lastFull;
    private long _notBefore = long.MinValue;
    private long _collections;

    // Those among them that compact.
    private bool _isCompacting;
    private long _keptHoleBytes;
    private long _compactionNotBefore = long.MinValue;
    private long _compactions;

    /// <param name="collector">The process's garbage collector.</param>
    /// <param name="time">The clock that keeps collections apart.</param>
    /// <param name="run">Runs a collection on another thread.</param>
    public Pacer(IGarbageCollector collector, TimeProvider time, Action<Action> run)
    {
        _collector = collector;
        _time = time;
        _run = run;
        _budget = new PacingBudget(collector.Settings);
        _young = new YoungPacing(collector, time);
        _fullCollections = collector.FullCollections;
    }

    /// <summary>The pacer of this process.</summary>
    [SuppressMessage("ApiDesign", "RS0030", Justification = "One pacer for all caches, whatever clocks these have.")]
    public static Pacer Shared { get; } = new(ProcessMemory.Shared.Collector, TimeProvider.System, RunOnOwnThread);

    /// <summary>Collections of the whole heap requested so far.</summary>
    public long Collections => Volatile.Read(ref _collections);

    /// <summary>Collections of the young generations requested so far.</summary>
    public long YoungCollections => _young.Collections;

    /// <summary>Of the collections of the whole heap, those that compacted it.</summary>
    public long Compactions => Volatile.Read(ref _compactions);

    /// <summary>Opens the account of one cache. It is held weakly, and counts for as long as the cache lives.</summary>
    /// <param name="share">The cache's budget as a share of its limit, more than zero.</param>
    public PacedAccount Open(double share)
    {
        var account = new PacedAccount(this, share);
        lock (_lock)
        {
            _budget.Add(account);
        }

        return account;
    }

    /// <summary>
    /// Prevents collections of the whole heap until <see cref="Resume"/> was called as often. For a bulk eviction that
    /// a release will follow.
    /// </summary>
    public void Suspend() => Interlocked.Increment(ref _suspensions);

    /// <summary>Ends a <see cref="Suspend"/>.</summary>
    public void Resume() => Interlocked.Decrement(ref _suspensions);

    /// <summary>
    /// Counts what came into a cache and left it since its last report, and has the heap collected if that is due.
    /// </summary>
    public void Report(PacedAccount account, long creditedBytes, long usedBytes, long limitBytes)
    {
        bool isFullDue;
        bool isScattered;
        bool isYoungDue;
        lock (_lock)
        {
            NoteCollections_NeedsLock();
            (long left, long came) = account.Enter(creditedBytes, usedBytes, limitBytes);
            _deadBytes += left;
            _young.Add(came);
            long budget = _budget.Compute();
            bool mayCollect = !_collector.IsInNoGCRegion;
            isFullDue = mayCollect && TryBegin_NeedsLock(budget);
            isScattered = isFullDue && TryBeginCompaction_NeedsLock();
            isYoungDue = mayCollect && !isFullDue && _young.TryBegin(budget);
        }

        if (isFullDue)
        {
            Start(isScattered ? _collector.CollectCompacting : _collector.CollectInBackground);
        }
        else if (isYoungDue)
        {
            CompactYoung();
        }
    }

    /// <summary>
    /// When the next collection may begin, so that collections take no more than this share of all time.
    /// </summary>
    /// <param name="time">The clock.</param>
    /// <param name="taken">How long the last collection took; it has just ended.</param>
    /// <param name="share">The share, more than zero.</param>
    internal static long NotBefore(TimeProvider time, TimeSpan taken, double share) =>
        time.GetTimestamp() + (long)(taken.TotalSeconds * ((1 / share) - 1) * time.TimestampFrequency);

    private bool TryBegin_NeedsLock(long budgetBytes)
    {
        Debug.Assert(_lock.IsHeldByCurrentThread);
        if (_isCollecting
            || Volatile.Read(ref _suspensions) > 0
            || _deadBytes < budgetBytes
            || _time.GetTimestamp() < _notBefore)
        {
            return false;
        }

        _isCollecting = true;
        _deadBytes = 0;
        _lastFull = _collector.ReadLastFull().Index;
        _startedAt = _time.GetTimestamp();
        _collections++;
        return true;
    }

    /// <summary>
    /// Whether the holes are worth the pause for closing them. Holes that the last such collection could not close
    /// (pins hold them) are no reason for another.
    /// </summary>
    private bool TryBeginCompaction_NeedsLock()
    {
        Debug.Assert(_lock.IsHeldByCurrentThread);
        GCReading full = _collector.ReadLastFull();
        _keptHoleBytes = full.Compacted ? full.FragmentedBytes : Math.Min(_keptHoleBytes, full.FragmentedBytes);
        long holes = full.FragmentedBytes - _keptHoleBytes;
        _isCompacting = holes > Math.Max(MinimumHoleBytes, full.LiveBytes / LivePerHoles)
            && full.LiveBytes <= QuickLiveBytes
            && _time.GetTimestamp() >= _compactionNotBefore;
        _compactions += _isCompacting ? 1 : 0;
        return _isCompacting;
    }

    private void Start(Action collect)
    {
        try
        {
            _run(collect);
        }
        catch (OutOfMemoryException)
        {
            // No memory for a thread: the runtime is about to collect by itself, and the writer that reported must not
            // fail.
        }
    }

    private void CompactYoung()
    {
        long startedAt = _time.GetTimestamp();
        _collector.CompactYoung();
        TimeSpan taken = _time.GetElapsedTime(startedAt);
        lock (_lock)
        {
            _young.End(taken);
        }
    }

    private static void RunOnOwnThread(Action collect) =>
        new Thread(() => collect()) { IsBackground = true, Name = "BoundedCache pacer" }.Start();

    /// <summary>
    /// Finds out whether the requested collection is over, or the process collected the whole heap by itself.
    /// </summary>
    private void NoteCollections_NeedsLock()
    {
        Debug.Assert(_lock.IsHeldByCurrentThread);
        TimeSpan taken = _time.GetElapsedTime(_startedAt);
        bool mayBeAsked = _isCollecting || _young.IsCollecting;
        if (_isCollecting && (_collector.ReadLastFull().Index != _lastFull || taken > s_longest))
        {
            // Bytes that left meanwhile still count: the collection saw most of them alive.
            _isCollecting = false;
            _fullCollections = _collector.FullCollections;
            _notBefore = NotBefore(_time, taken, MaxShareOfProcessor);
            _compactionNotBefore = _isCompacting ? NotBefore(_time, taken, MaxShareForHoles) : _compactionNotBefore;
        }

        bool isFull = false;
        if (!_isCollecting && _collector.FullCollections is var fullCollections && fullCollections != _fullCollections)
        {
            _fullCollections = fullCollections;
            _deadBytes = 0;
            isFull = true;
        }

        _young.NoteCollections(mayBeAsked, isFull);
    }
}
