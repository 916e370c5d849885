using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using BoundedCache.Engine;
using BoundedCache.Pacing;
using BoundedCache.Report;

namespace BoundedCache.Release;

/// <summary>
/// One change of a cache's limit, or one release: set the limit, evict, trim the table, release, report.
/// </summary>
/// <remarks>
/// No step needs the thread pool: a process in trouble often has no free pool threads, and the callbacks of the evicted
/// entries may be what blocks them. An instance is used once, by one thread at a time.
/// </remarks>
internal sealed class ShrinkOperation(ShrinkOperation.ICache cache, ReleaseMode mode)
{
    /// <summary>Bytes in objects that no entry is charged, from which on they are worth a look.</summary>
    private const long MuchBytes = 32 * 1024 * 1024;

    private readonly long _started = Stopwatch.GetTimestamp();
    private readonly ProcessMemorySnapshot _before = cache.Releaser.Memory.TakeSnapshot();
    private readonly bool _isInCallback = cache.IsInCallback;
    private long _oldMax = cache.Engine.MaxBytes;
    private long _newMax;
    private bool _setsLimit;
    private long _entries;
    private bool _isGainUnknown;
    private long _bytes;
    private TimeSpan _evictionTime;
    private EvictedSample? _sample;
    private IReadOnlyList<string> _limitAdvice = [];

    /// <summary>What the operation needs of a cache.</summary>
    internal interface ICache
    {
        string Name { get; }

        CacheEngine Engine { get; }

        Pacer Pacer { get; }

        MemoryReleaser Releaser { get; }

        /// <summary>Whether releases may ask the native allocator for its free memory.</summary>
        bool TrimNative { get; }

        /// <summary>Whether this thread runs an eviction callback, of any cache.</summary>
        bool IsInCallback { get; }

        /// <summary>Bytes that left the cache since the last call. Each byte is returned once.</summary>
        long TakeLeftBytes();

        /// <summary>Reports to the pacer what came and left.</summary>
        void Pace();

        /// <summary>Entries whose charge may not be what they keep alive, because their value can change.</summary>
        int UncertainEntries { get; }

        /// <summary>Measures the likeliest of them again, for a bounded time, and charges what it finds.</summary>
        void Reexamine();

        /// <summary>
        /// Waits until no eviction callback is queued or running; false where the timeout passed first.
        /// </summary>
        bool WaitForCallbacks(TimeSpan timeout);

        /// <summary>What all caches of the process hold. Used on the releaser's thread.</summary>
        Func<CacheShare> ReadCaches { get; }

        /// <summary>
        /// Says, and logs, where this process cannot hold the limits of its caches; empty where it can.
        /// </summary>
        IReadOnlyList<string> CheckRoom();

        /// <summary>The limit was raised; no other step follows.</summary>
        void OnRaised(long oldMax, long newMax);

        /// <summary>The limit was set to its old value or less; eviction begins.</summary>
        void OnShrinking();

        /// <summary>A release ended that served this cache, and maybe others.</summary>
        void OnReleased(ReleaseResult release);

        /// <summary>The operation ended.</summary>
        /// <param name="report">What it did.</param>
        /// <param name="isShrink">Whether it set the limit.</param>
        void OnReport(ShrinkReport report, bool isShrink);
    }

    /// <summary>Sets the limit, which holds when this returns.</summary>
    public void SetLimit(long maxMemory)
    {
        _oldMax = cache.Engine.SetMaxBytes(maxMemory);
        _newMax = maxMemory;
        _setsLimit = true;
        _limitAdvice = cache.CheckRoom();
    }

    /// <summary>Runs the other steps on a thread of its own.</summary>
    public Task<ShrinkReport> FinishOnOwnThread(CancellationToken cancellationToken) =>
        Task.Factory.StartNew(
            () =>
            {
                try
                {
                    return Task.FromResult(Finish(cancellationToken));
                }
                catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
                {
                    return Task.FromCanceled<ShrinkReport>(cancellationToken);
                }
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning | TaskCreationOptions.DenyChildAttach,
            TaskScheduler.Default).Unwrap();

    /// <summary>
    /// Evicts, releases and reports, on this thread. May be cancelled between eviction and release, or while it waits
    /// for the release.
    /// </summary>
    public ShrinkReport Finish(CancellationToken cancellationToken)
    {
        if (_setsLimit && _newMax > _oldMax)
        {
            cache.OnRaised(_oldMax, _newMax);
            return Report(NoRelease("the limit was raised, not lowered; nothing was evicted or released"));
        }

        if (_setsLimit)
        {
            cache.OnShrinking();
        }

        int uncertain = cache.UncertainEntries;
        Evict();
        Reexamine(uncertain);
        cancellationToken.ThrowIfCancellationRequested();
        ReleaseResult release = mode == ReleaseMode.None
            ? NoRelease("no release was asked for; the runtime keeps the memory for its own next use")
            : cache.Releaser.ReleaseAsync(Request(), cancellationToken).GetAwaiter().GetResult();
        cache.OnReleased(release);
        ShrinkReport report = Report(release);
        cache.OnReport(report, isShrink: _setsLimit);
        return report;
    }

    private void Evict()
    {
        long began = Stopwatch.GetTimestamp();
        Action? rest = mode == ReleaseMode.Gentle ? new DutyCycle().Rest : null;

        // Evicted bytes exceed the pacer's budget at once. A collection that began now would miss most of them, and the
        // release would have to wait for its end. They are counted before the release, whose collection settles them.
        bool isReleased = mode != ReleaseMode.None;
        if (isReleased)
        {
            cache.Pacer.Suspend();
        }

        try
        {
            _sample = isReleased && _setsLimit ? new EvictedSample() : null;
            (_entries, _bytes) = cache.Engine.EvictDownToLimit(rest, _sample);
            cache.Engine.Trim(rest);
            cache.Pace();
        }
        finally
        {
            if (isReleased)
            {
                cache.Pacer.Resume();
            }
        }

        _evictionTime = Stopwatch.GetElapsedTime(began);
    }

    /// <summary>
    /// Where much is alive that no entry is charged, it may hang on entries whose value grew: those that stay are
    /// measured again, and where such entries left, or all did, memory is released whatever they were charged.
    /// </summary>
    private void Reexamine(int uncertainBefore)
    {
        if (!_setsLimit || _before.AllocatedBytes - _bytes - cache.Engine.UsedBytes < MuchBytes)
        {
            return;
        }

        if (cache.UncertainEntries > 0)
        {
            (long credited, int count) = (cache.Engine.CreditedBytes, cache.Engine.Count);
            cache.Reexamine();
            _bytes += cache.Engine.CreditedBytes - credited;
            _entries += Math.Max(0, count - cache.Engine.Count);
        }

        _isGainUnknown = _entries > 0 && (cache.Engine.Count == 0 || cache.UncertainEntries < uncertainBefore);
    }

    private ReleaseRequest Request()
    {
        // What left before this call (replaced, expired, evicted without a release) may have been collected since.
        // Where that is most of the bytes, the snapshot is no baseline.
        long left = cache.TakeLeftBytes();
        bool isOwn = _bytes >= left / 2;
        return new ReleaseRequest
        {
            ExpectedBytes = isOwn ? _bytes : left,
            Baseline = isOwn ? _before : null,
            Evicted = isOwn ? _sample : null,
            Mode = mode,
            Forced = !_setsLimit,
            IsGainUnknown = _isGainUnknown,
            TrimNative = cache.TrimNative,

            // Callbacks hold the values of evicted entries. A callback that shrinks a cache must not wait for itself.
            WaitForCallbacks = _isInCallback ? null : cache.WaitForCallbacks,
            ReadCaches = cache.ReadCaches,
        };
    }

    private ReleaseResult NoRelease(string reason) => ReleaseResult.None(
        ReleaseOutcome.NotRequested, reason, _before, cache.Releaser.Memory.TakeSnapshot(), _started);

    private ShrinkReport Report(ReleaseResult release) => new()
    {
        CacheName = cache.Name,
        OldMaxMemory = _oldMax,
        NewMaxMemory = _setsLimit ? _newMax : _oldMax,
        LimitChange = !_setsLimit ? MaxMemoryChange.None
            : _newMax > _oldMax ? MaxMemoryChange.Raised
            : _newMax < _oldMax ? MaxMemoryChange.Lowered
            : MaxMemoryChange.Unchanged,
        EntriesEvicted = _entries,
        BytesEvicted = _bytes,
        UsedMemory = cache.Engine.UsedBytes,
        Count = cache.Engine.Count,
        EvictionTime = _evictionTime,
        TotalTime = Stopwatch.GetElapsedTime(_started),
        GCPause = release.GCPause,
        LongestGCPause = release.LongestPause,
        Collections = release.Collections,
        ReleaseMode = mode,
        Outcome = release.Outcome,
        Reason = _setsLimit && _newMax == _oldMax
            ? $"The limit is unchanged. {release.Reason}"
            : release.Reason,
        Advice = _limitAdvice.Count == 0 ? release.Advice : [.. release.Advice, .. _limitAdvice],
        Before = _before,
        After = release.After,
    };

    /// <summary>
    /// Spreads the eviction over time: after each millisecond of work the thread sleeps for eight. Work without a break
    /// takes a whole processor, and requests wait for the others.
    /// </summary>
    private sealed class DutyCycle
    {
        private static readonly TimeSpan s_work = TimeSpan.FromMilliseconds(1);
        private static readonly TimeSpan s_sleep = TimeSpan.FromMilliseconds(8);

        private long _since = Stopwatch.GetTimestamp();

        /// <summary>Call it between pieces of work that each take well below a millisecond.</summary>
        [SuppressMessage(
            "ApiDesign", "RS0030", Justification = "It waits for nothing: the thread leaves its processor to others.")]
        public void Rest()
        {
            if (Stopwatch.GetElapsedTime(_since) >= s_work)
            {
                Thread.Sleep(s_sleep);
                _since = Stopwatch.GetTimestamp();
            }
        }
    }
}
