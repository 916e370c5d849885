using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using BoundedCache.Process;

namespace BoundedCache.Pacing;

/// <summary>
/// Keeps a process's memory near its caches' limits while entries come and go. It counts the bytes that left all caches
/// since the last collection of the whole heap. When they pass the caches' budgets taken together
/// (<see cref="PacingBudget"/>), it requests a collection in the background, or a blocking one where that is quick.
/// Where writers outrun that collection, they wait for its end (<see cref="WriterGate"/>). It has the young generations
/// compacted as <see cref="YoungPacing"/> says, and holes closed as <see cref="HolePacing"/> says.
/// </summary>
/// <remarks>
/// <para>An evicted entry has mostly lived long enough to be in the oldest generation. There it stays, dead, until that
/// generation is collected. By the runtime's own budgets such a process grows far beyond its live heap. Collections in
/// the background alone bound nothing: what dies while one runs stays until the next.</para>
/// <para>The pacer requests nothing in a no-GC region, or when the process collects often enough by itself (what left
/// before such a collection no longer counts). It also requests nothing while its collections would take more than
/// <see cref="MaxShareOfProcessor"/>, or stop the process for more than <see cref="PacingBudget.ShareOfPauses"/>. Then
/// writers do not wait either: <see cref="OverdueBytes"/> tells what stays. It collects the whole heap on a thread made
/// for that: a background collection begins with a short blocking one, and no writer should run it. All threads wait
/// for a young collection, so the writer that reported runs it.</para>
/// <para>Lock: <c>_lock</c> guards all counts, the budget and the young and hole pacing. No collection runs and no
/// writer waits under it.</para>
/// </remarks>
internal sealed partial class Pacer
{
    /// <summary>
    /// The maximum share of one processor that these collections may take. Their time from begin to end counts as
    /// processor time.
    /// </summary>
    public const double MaxShareOfProcessor = 0.85;

    // A collection that takes longer counts as ended, so that a stuck one does not end pacing.
    private static readonly TimeSpan s_longest = TimeSpan.FromSeconds(30);

    // Where the heap holds no more than this beside large objects, marking it takes a few milliseconds. Then a
    // collection may as well stop the process: nothing dies beside it, and the next large value finds its room.
    private const long QuickBytes = 24 * 1024 * 1024;

    // How often the end of a background collection is looked for: the runtime announces it to nobody.
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(1);

    private readonly IGarbageCollector _collector;
    private readonly TimeProvider _time;
    private readonly Action<Action> _run;
    private readonly Lock _lock = new();
    private readonly PacingBudget _budget;
    private readonly YoungPacing _young;
    private readonly HolePacing _holes;

    // Collections of the whole heap: those seen, the last one requested, and when the next may begin. What left before
    // that one began is freed by it; what left since is freed by the next.
    private DeadBytes _dead;
    private DeadBytes _deadBefore;
    private long _liveBytes;
    private int _fullCollections;
    private bool _isCollecting;
    private long _startedAt;
    private long _lastFull;
    private long _notBefore = long.MinValue;
    private long _collections;
    private long _pausedTicks;

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
        _holes = new HolePacing(time);
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
    public long Compactions => _holes.Collections;

    /// <summary>How long all collections that it requested stopped the process.</summary>
    public TimeSpan Paused => new(Volatile.Read(ref _pausedTicks));

    /// <summary>Where writers wait for the collector.</summary>
    public WriterGate Gate { get; } = new(WriterGate.LongestWait);

    /// <summary>Opens the account of one cache. It is held weakly, and counts for as long as the cache lives.</summary>
    /// <param name="share">The cache's budget as a share of its limit, more than zero.</param>
    /// <param name="onFailed">
    /// Told of the first collection that failed, where this cache's report made it due. Runs on any thread; must not
    /// throw, and must not hold the cache.
    /// </param>
    public PacedAccount Open(double share, Action<Exception>? onFailed = null)
    {
        var account = new PacedAccount(this, share) { OnFailed = onFailed };
        lock (_lock)
        {
            _budget.Add(account);
        }

        return account;
    }

    /// <summary>
    /// Counts what came into a cache and left it since its last report, and has the heap collected if that is due.
    /// Where the collector is behind, a writer waits for it, for <see cref="WriterGate.LongestWait"/> at most.
    /// </summary>
    /// <param name="account">The cache's account.</param>
    /// <param name="creditedBytes">Bytes that ever left the cache.</param>
    /// <param name="usedBytes">Bytes in the cache.</param>
    /// <param name="limitBytes">The cache's limit.</param>
    /// <param name="mayWait">Whether the caller is a writer, which may be held back.</param>
    /// <param name="bulkBytes">Of the bytes that ever left, those that bulk work removed.</param>
    /// <returns>How long the caller waited for the collector; zero for nearly all.</returns>
    public TimeSpan Report(
        PacedAccount account,
        long creditedBytes,
        long usedBytes,
        long limitBytes,
        bool mayWait = false,
        long bulkBytes = 0)
    {
        Action? collect;
        bool isYoungDue;
        bool isBehind;
        long openings = Gate.Openings;

        // What is reported has happened: a writer that is interrupted here must not fail for it.
        using (_lock.EnterAlways())
        {
            NoteCollections_NeedsLock();
            Enter_NeedsLock(account, creditedBytes, usedBytes, limitBytes, bulkBytes);
            _budget.Compute(_liveBytes, _holes.IdleBytes);
            bool mayCollect = !_collector.IsInNoGCRegion;
            collect = mayCollect ? TryBegin_NeedsLock() : null;
            isYoungDue = mayCollect && collect is null && _young.TryBegin(_budget.Bytes);
            isBehind = mayCollect && IsBehind_NeedsLock();
            account.ExpectReport(atOnce: isBehind);
        }

        if (collect is not null)
        {
            isBehind &= Start(account, collect);
        }
        else if (isYoungDue)
        {
            CompactYoung(account);
        }

        return isBehind && mayWait ? Gate.Wait(openings) : TimeSpan.Zero;
    }

    /// <summary>
    /// When the next collection may begin, so that collections take no more than this share of all time.
    /// </summary>
    /// <param name="time">The clock.</param>
    /// <param name="taken">How long the last collection took; it has just ended.</param>
    /// <param name="share">The share, more than zero.</param>
    internal static long NotBefore(TimeProvider time, TimeSpan taken, double share) =>
        time.GetTimestamp() + (long)(taken.TotalSeconds * ((1 / share) - 1) * time.TimestampFrequency);

    private void Enter_NeedsLock(
        PacedAccount account, long creditedBytes, long usedBytes, long limitBytes, long bulkBytes)
    {
        Debug.Assert(_lock.IsHeldByCurrentThread);
        (DeadBytes left, long came, long refilled) = account.Enter(
            creditedBytes, usedBytes, limitBytes, _time.GetTimestamp(), bulkBytes);
        _dead += left;
        _young.Add(came);

        // The oldest first, as if it were one sum: what the collection that runs will free, then the rest.
        long rest = refilled - Math.Min(refilled, _deadBefore.Excused);
        _deadBefore = _deadBefore.Refilled(refilled);
        _dead = _dead.Refilled(rest);
    }

    /// <returns>The collection that is due, which the caller starts without the lock; null where none is.</returns>
    private Action? TryBegin_NeedsLock()
    {
        Debug.Assert(_lock.IsHeldByCurrentThread);
        if (_isCollecting || _dead.All < _budget.DeadBytes)
        {
            _overdueBytes = _isCollecting ? _overdueBytes : 0;
            return null;
        }

        if (_time.GetTimestamp() < _notBefore)
        {
            NoteOverdue_NeedsLock();
            return null;
        }

        _isCollecting = true;
        (_deadBefore, _dead) = (_dead, default);
        _lastFull = _collector.ReadLastFull().Index;
        _startedAt = _time.GetTimestamp();
        return _holes.TryBegin(_budget.IdleBytes) ? _collector.CollectAggressively
            : _collector.ReadLast().SmallLiveBytes <= QuickBytes ? _collector.CollectBlocking
            : _collector.CollectInBackground;
    }

    /// <summary>Whether writers made so much dead that they should wait for the collection that runs.</summary>
    private bool IsBehind_NeedsLock()
    {
        Debug.Assert(_lock.IsHeldByCurrentThread);
        return _isCollecting && (_deadBefore + _dead).ByWriters >= _budget.WaitBytes;
    }

    /// <summary>
    /// Finds out whether the requested collection is over, or the process collected the whole heap by itself.
    /// </summary>
    private void NoteCollections_NeedsLock()
    {
        Debug.Assert(_lock.IsHeldByCurrentThread);
        bool mayBeAsked = _isCollecting || _young.IsCollecting;
        TimeSpan taken = _time.GetElapsedTime(_startedAt);
        if (_isCollecting && (_collector.ReadLastFull().Index != _lastFull || taken > s_longest))
        {
            // Bytes that left meanwhile still count: the collection saw most of them alive. So do all where none began:
            // while a collection of the process's own is under way in the background, the runtime begins no other.
            bool isOwn = _collector.FullCollections != _fullCollections;
            _isCollecting = false;
            _dead += isOwn ? default : _deadBefore;
            _deadBefore = default;
            GCReading full = NoteFull_NeedsLock();
            _pausedTicks += isOwn && full.Index != _lastFull ? full.Pause.Ticks : 0;
            _notBefore = Math.Max(
                NotBefore(_time, taken, MaxShareOfProcessor), NotBefore(_time, full.Pause, _budget.ShareOfPauses));
            _holes.End(taken);
            NoteOverdue_NeedsLock();
        }

        bool isFull = false;
        if (!_isCollecting && _collector.FullCollections != _fullCollections)
        {
            NoteFull_NeedsLock();
            _dead = default;
            _overdueBytes = 0;
            isFull = true;
        }

        _young.NoteCollections(mayBeAsked, isFull);
    }

    private GCReading NoteFull_NeedsLock()
    {
        Debug.Assert(_lock.IsHeldByCurrentThread);
        GCReading full = _collector.ReadLastFull();
        _fullCollections = _collector.FullCollections;
        _liveBytes = full.LiveBytes;
        _holes.Note(in full, _collector.ReadLastYoung());
        _budget.Compute(_liveBytes, _holes.IdleBytes);
        return full;
    }
}
