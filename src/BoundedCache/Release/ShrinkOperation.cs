using System.Diagnostics;
using BoundedCache.Engine;
using BoundedCache.Process;

namespace BoundedCache.Release;

/// <summary>
/// One change of a cache's limit, or one release: set the limit, evict, trim the table, release, report.
/// </summary>
/// <remarks>
/// No step needs the thread pool: a process in trouble often has no free pool threads, and the callbacks of the evicted
/// entries may be what blocks them. Nor does an operation have a thread of its own while it waits for the release: a
/// thousand caches may shrink at once. An instance is used once, by one thread at a time.
/// </remarks>
internal sealed partial class ShrinkOperation(ShrinkOperation.ICache cache, ReleaseMode mode)
{
    /// <summary>Bytes in objects that no entry is charged, from which on they are worth a look.</summary>
    private const long MuchBytes = 32 * 1024 * 1024;

    private readonly long _started = Stopwatch.GetTimestamp();
    private readonly ProcessMemorySnapshot _before = cache.Releaser.Memory.TakeSnapshot();
    private readonly bool _isInCallback = cache.IsInCallback;
    private long _oldMax = cache.MaxMemory;
    private long _newMax;
    private bool _setsLimit;
    private long _entries;
    private bool _isGainUnknown;
    private long _bytes;
    private TimeSpan _evictionTime;
    private OwedReport? _owed;
    private EvictedSample? _sample;
    private IReadOnlyList<string>? _limitAdvice;
    private Task<ReleaseResult>? _release;

    /// <summary>Sets the limit, which holds when this returns.</summary>
    public void SetLimit(long maxMemory)
    {
        _oldMax = cache.SetMaxMemory(maxMemory);
        _newMax = maxMemory;
        _setsLimit = true;
        if (_newMax <= _oldMax)
        {
            cache.OnShrinking();
        }
    }

    /// <summary>Runs the other steps on threads of the releaser's own.</summary>
    public Task<ShrinkReport> FinishOnOwnThread(CancellationToken cancellationToken)
    {
        // Continuations run elsewhere: they may block, and the threads are few.
        var source = new TaskCompletionSource<ShrinkReport>(TaskCreationOptions.RunContinuationsAsynchronously);
        ShrinkThreads threads = cache.Releaser.Threads;
        threads.Run(() => Step(() =>
        {
            // The thread is the releaser's. An interrupt is late: it was meant for user code that ran here.
            ShrinkReport? report = null;
            Endurance.Run(() =>
            {
                report = _release is null ? Begin() : null;
                _release ??= report is null ? ReleaseAsync(cancellationToken) : null;
            });
            if (report is not null)
            {
                source.SetResult(report);
                return;
            }

            Task<ReleaseResult> release = _release!;
            if (release.IsCompleted)
            {
                source.SetResult(End(release));
            }
            else
            {
                threads.RunAfter(release, () => Step(() => source.SetResult(End(release))));
            }
        }));
        return source.Task;

        void Step(Action step)
        {
            try
            {
                step();
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                source.SetCanceled(cancellationToken);
            }
#pragma warning disable CA1031 // The caller gets the exception, whatever it was.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                source.SetException(exception);
            }
        }
    }

    /// <summary>Runs them on this thread. See <see cref="ReleaseRequest.OutlivesCaller"/>.</summary>
    /// <remarks>
    /// A thread that is interrupted gets the exception at once. The limit holds by then, so the steps that are left
    /// follow on a thread of the releaser's, and are reported.
    /// </remarks>
    public ShrinkReport Finish(CancellationToken cancellationToken)
    {
        try
        {
            if (Begin() is { } report)
            {
                return report;
            }

            _release = ReleaseAsync(cancellationToken);

            // Only waits; the release itself ends where the token is cancelled.
            Task.WaitAny([_release], CancellationToken.None);
        }
        catch (ThreadInterruptedException)
        {
            _ = FinishOnOwnThread(cancellationToken);
            throw;
        }

        return End(_release);
    }

    /// <returns>The report where that is all that there was to do.</returns>
    /// <remarks>Where an interrupt ended it, it is run again, and does what is left.</remarks>
    private ShrinkReport? Begin()
    {
        if (_setsLimit)
        {
            _limitAdvice ??= cache.CheckRoom();
        }

        if (_setsLimit && _newMax > _oldMax)
        {
            cache.OnRaised(_oldMax, _newMax);
            return Report(NoRelease("The limit was raised, not lowered; nothing was evicted or released"));
        }

        int uncertain = cache.UncertainEntries;
        Evict();
        Reexamine(uncertain);
        return null;
    }

    private Task<ReleaseResult> ReleaseAsync(CancellationToken cancellationToken)
    {
        if (mode != ReleaseMode.None)
        {
            return cache.Releaser.ReleaseAsync(Request(), cancellationToken);
        }

        cancellationToken.ThrowIfCancellationRequested();
        return Task.FromResult(
            NoRelease("No release was asked for; the runtime keeps the memory for its own next use"));
    }

    /// <summary>Reports. Waits for the release where it has not ended.</summary>
    private ShrinkReport End(Task<ReleaseResult> releasing)
    {
        try
        {
            ReleaseResult release = releasing.GetAwaiter().GetResult();
            cache.OnReleased(release);
            ShrinkReport report = Report(release);
            cache.OnReport(report, isShrink: _setsLimit);
            return report;
        }
        finally
        {
            _owed?.Open();
        }
    }

    private void Evict()
    {
        long began = Stopwatch.GetTimestamp();
        bool isReleased = mode != ReleaseMode.None;
        DutyCycle? duty = mode == ReleaseMode.Gentle ? new DutyCycle() : null;
        Action? rest = !isReleased ? null : () =>
        {
            duty?.Rest();
            cache.KeepPacingSuspended();
        };

        // Evicted bytes exceed the pacer's budget at once. A collection that began now would miss most of them, and the
        // release would have to wait for its end. They are counted before the release, whose collection settles them.
        if (isReleased)
        {
            cache.SuspendPacing();
        }

        EntryTotals evicted = default;
        try
        {
            _sample ??= isReleased && _setsLimit ? new EvictedSample() : null;
            cache.Engine.EvictDownToLimit(ref evicted, rest, _sample);
            cache.Engine.Trim(rest);
        }
        finally
        {
            (_entries, _bytes) = (_entries + evicted.Entries, _bytes + evicted.Bytes);
            _evictionTime += Stopwatch.GetElapsedTime(began);
            if (isReleased)
            {
                cache.ResumePacing();
            }
        }

        if (!isReleased)
        {
            cache.Pace();
        }
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
        _owed = new OwedReport(cache.Self, Describe(), _started, _setsLimit);
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
            WaitForCallbacks = cache.MarkCallbacks(),
            IsInCallback = _isInCallback,
            ReadCaches = cache.ReadCaches,
            Observer = _owed,

            // A release without a change of the limit is not owed to a caller who took it back.
            OutlivesCaller = _setsLimit,
        };
    }

    private ReleaseResult NoRelease(string reason) => ReleaseResult.None(
        ReleaseOutcome.NotRequested, reason, _before, cache.Releaser.Memory.TakeSnapshot(), _started);

    private ShrinkReport Report(ReleaseResult release) => OwedReport.Complete(Describe(), cache, release, _started);

    /// <summary>The report, without what only the release tells.</summary>
    private ShrinkReport Describe() => new()
    {
        CacheName = cache.Name,
        Sizing = cache.Sizing,
        Started = _started,
        OldMaxMemory = _oldMax,
        NewMaxMemory = _setsLimit ? _newMax : _oldMax,
        LimitChange = !_setsLimit ? MaxMemoryChange.None
            : _newMax > _oldMax ? MaxMemoryChange.Raised
            : _newMax < _oldMax ? MaxMemoryChange.Lowered
            : MaxMemoryChange.Unchanged,
        EntriesEvicted = _entries,
        BytesEvicted = _bytes,
        EvictionTime = _evictionTime,
        ReleaseMode = mode,
        Reason = _setsLimit && _newMax == _oldMax ? "The limit is unchanged. " : "",
        Advice = _limitAdvice ?? [],
        Before = _before,
    };
}
