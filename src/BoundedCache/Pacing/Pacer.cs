using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using BoundedCache.Process;

namespace BoundedCache.Pacing;

/// <summary>
/// Keeps a process's memory near its caches' limits while they churn. It counts the bytes that left all caches since
/// the collector last looked at the whole heap, and asks it to look again, in the background, when they pass the
/// caches' budgets taken together (<see cref="PacingBudget"/>). It has the young generations compacted as
/// <see cref="YoungPacing"/> says. Where there are many holes and little is alive, it has the whole heap compacted
/// instead of collected in the background.
/// </summary>
/// <remarks>
/// <para>What a cache evicts has mostly lived long enough to be in the oldest generation, where it stays, dead, until
/// that generation is collected. The runtime does so by budgets of its own, which let such a process grow to twice its
/// live heap.</para>
/// <para>The pacer asks for nothing when the process collects often enough by itself (what left before such a
/// collection no longer counts), in a no-GC region, and for as long as its collections would take more than
/// <see cref="MaxShareOfProcessor"/>, or young ones more than <see cref="YoungPacing.MaxShareOfTime"/>. It collects the
/// whole heap on a thread made for that: a collection in the background begins with a short one that is not, and a
/// writer should not be the one to wait for it. For a young collection all threads wait, so the writer that reported
/// runs it.</para>
/// <para>Lock: <c>_lock</c> guards all counts, the budget and the young pacing. No collection runs under it.</para>
/// </remarks>
internal sealed class Pacer
{
    /// <summary>
    /// The most that these collections may take of one processor, their time from begin to end taken for processor
    /// time.
    /// </summary>
    public const double MaxShareOfProcessor = 0.85;

    /// <summary>The most of all time that closing holes may stop the process for.</summary>
    public const double MaxShareForHoles = 0.01;

    /// <summary>
    /// Live bytes up to which a compacting collection of the whole heap stops the process for less than about a tenth
    /// of a second.
    /// </summary>
    public const long QuickLiveBytes = 256L * 1024 * 1024;

    // Background collections never close holes, and where entries die in another order than they came the runtime lets
    // most of the heap become holes before it does.
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

    // The collections of the whole heap that were seen, the last one asked for, and when the next may begin.
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
    /// <param name="time">The clock by which collections are kept apart.</param>
    /// <param name="run">Runs a collection, beside the caller.</param>
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

    /// <summary>Collections of the whole heap asked for so far.</summary>
    public long Collections => Volatile.Read(ref _collections);

    /// <summary>Collections of the young generations asked for so far.</summary>
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
    /// Begins no collection of the whole heap until as many calls of <see cref="Resume"/>: for a bulk eviction that a
    /// release will follow.
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
    /// <param name="taken">How long the last one took, which has just ended.</param>
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
    /// Whether the holes are worth the pause that closing them takes. What the last such collection could not close
    /// (pins hold it) is no reason for another.
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
            // No memory for a thread: the runtime is about to collect by itself, and the writer that reported has done
            // nothing wrong.
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
    /// Finds out whether the collection that was asked for is over, or the process collected the whole heap without
    /// being asked.
    /// </summary>
    private void NoteCollections_NeedsLock()
    {
        Debug.Assert(_lock.IsHeldByCurrentThread);
        TimeSpan taken = _time.GetElapsedTime(_startedAt);
        bool mayBeAsked = _isCollecting || _young.IsCollecting;
        if (_isCollecting && (_collector.ReadLastFull().Index != _lastFull || taken > s_longest))
        {
            // What left meanwhile goes on counting: most of it was seen alive.
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
