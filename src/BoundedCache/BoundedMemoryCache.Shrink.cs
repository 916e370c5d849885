using System.Diagnostics;
using BoundedCache.Diagnostics;
using BoundedCache.Entries;
using BoundedCache.Pacing;
using BoundedCache.Release;

namespace BoundedCache;

/// <summary>Lowering the limit, and giving memory back.</summary>
public sealed partial class BoundedMemoryCache
{
    /// <summary>Bytes that had left the cache when memory was last released, or was going to be.</summary>
    private long _creditedAtRelease;

    /// <summary>
    /// Sets the limit as <see cref="MaxMemory"/> does, without blocking, and reports. The new limit holds when this
    /// returns its task; eviction and release follow on other threads.
    /// </summary>
    /// <param name="maxMemory">The new limit in bytes, at least 1.</param>
    /// <param name="releaseMode">How memory is given back after lowering; null for what the options say.</param>
    /// <param name="cancellationToken">
    /// Before anything happened: nothing is changed. Later: the limit stays, everything above it is evicted, and only
    /// the release is not waited for, or not begun.
    /// </param>
    /// <returns>
    /// What was evicted, what the process gave back, and what it cost. Where many changes follow each other within ten
    /// seconds, most reports say <see cref="ReleaseOutcome.Skipped"/>, and that one release follows for all.
    /// </returns>
    /// <exception cref="ArgumentOutOfRangeException">
    /// A limit of zero or less, or an unknown mode; nothing changes.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The cache is disposed.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled (thrown by the task).</exception>
    public Task<ShrinkReport> SetMaxMemoryAsync(
        long maxMemory, ReleaseMode? releaseMode = null, CancellationToken cancellationToken = default)
    {
        ReleaseMode mode = Check(releaseMode ?? _releaseMode);
        CheckLimit(maxMemory);
        ThrowIfDisposed();
        if (cancellationToken.IsCancellationRequested)
        {
            return Task.FromCanceled<ShrinkReport>(cancellationToken);
        }

        var shrink = new ShrinkRun(this, mode);
        shrink.SetLimit(maxMemory);
        return shrink.FinishOnOwnThread(cancellationToken);
    }

    /// <summary>
    /// Gives memory back to the operating system that entries left behind, whether evicted, replaced, removed or
    /// expired, and gives up table space. Evicts nothing.
    /// </summary>
    /// <param name="releaseMode">
    /// How; null for <see cref="BoundedMemoryCacheOptions.ReleaseMode"/>, or <see cref="ReleaseMode.Full"/> where that
    /// is <see cref="ReleaseMode.None"/>. <see cref="ReleaseMode.None"/> itself only gives up table space and reports.
    /// </param>
    /// <param name="cancellationToken">
    /// Stops waiting; a garbage collection that has begun runs to its end. A gentle release that nobody
    /// else waits for ends there.
    /// </param>
    /// <returns>What the process gave back, and what it cost.</returns>
    /// <exception cref="ArgumentOutOfRangeException">An unknown mode.</exception>
    /// <exception cref="ObjectDisposedException">The cache is disposed.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled (thrown by the task).</exception>
    public Task<ShrinkReport> ReleaseAsync(
        ReleaseMode? releaseMode = null, CancellationToken cancellationToken = default)
    {
        ReleaseMode mode = Check(
            releaseMode ?? (_releaseMode == ReleaseMode.None ? ReleaseMode.Full : _releaseMode));
        ThrowIfDisposed();
        if (cancellationToken.IsCancellationRequested)
        {
            return Task.FromCanceled<ShrinkReport>(cancellationToken);
        }

        var shrink = new ShrinkRun(this, mode);
        return shrink.FinishOnOwnThread(cancellationToken);
    }

    /// <summary>The setter: all of it on this thread, the wait for the release included.</summary>
    private void Shrink(long maxMemory, ReleaseMode mode)
    {
        CheckLimit(maxMemory);
        ThrowIfDisposed();
        var shrink = new ShrinkRun(this, mode);
        shrink.SetLimit(maxMemory);
        shrink.Finish(CancellationToken.None);
    }

    private static void CheckLimit(long maxMemory)
    {
        if (maxMemory < 1)
        {
            throw new ArgumentOutOfRangeException(
                nameof(maxMemory), maxMemory, "MaxMemory is a number of bytes and must be at least 1.");
        }
    }

    private static ReleaseMode Check(ReleaseMode mode) => Enum.IsDefined(mode)
        ? mode
        : throw new ArgumentOutOfRangeException(nameof(mode), mode, "The release mode must be None, Gentle or Full.");

    /// <summary>One change of the limit, or one release: its steps, and the report on them.</summary>
    /// <remarks>
    /// No step needs the thread pool: a process in trouble often has no free pool threads, and the callbacks of the
    /// evicted entries may be what blocks them.
    /// </remarks>
    private sealed class ShrinkRun(BoundedMemoryCache cache, ReleaseMode mode)
    {
        private readonly long _started = Stopwatch.GetTimestamp();
        private readonly ProcessMemorySnapshot _before = ProcessMemorySnapshot.Take();
        private readonly bool _isInCallback = EvictionCallbacks.IsRunningHere;
        private long _oldMax = cache.MaxMemory;
        private long _newMax = cache.MaxMemory;
        private bool _setsLimit;
        private long _entries;
        private long _bytes;
        private TimeSpan _evictionTime;

        public void SetLimit(long maxMemory)
        {
            _oldMax = cache._engine.SetMaxBytes(maxMemory);
            _newMax = maxMemory;
            _setsLimit = true;
        }

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
        /// Evicts, releases and reports, on this thread. May be cancelled between eviction and release, or while
        /// the release is waited for.
        /// </summary>
        public ShrinkReport Finish(CancellationToken cancellationToken)
        {
            if (!Evict())
            {
                return Conclude(NoRelease("the limit was not lowered"));
            }

            cancellationToken.ThrowIfCancellationRequested();
            ReleaseResult release = ReleaseAsync(cancellationToken).GetAwaiter().GetResult();
            cache.OnReleased(release);
            return Conclude(release);
        }

        /// <returns>False where there is nothing to do, because the limit was raised.</returns>
        private bool Evict()
        {
            if (_newMax > _oldMax)
            {
                Log.Raised(cache._logger, cache.Name, _oldMax, _newMax);
                cache.WarnOfHeapLimit();
                return false;
            }

            if (_setsLimit)
            {
                cache._counters.OnShrunk();
            }

            long began = Stopwatch.GetTimestamp();
            Action? rest = mode == ReleaseMode.Gentle ? new DutyCycle().Rest : null;

            // What is evicted passes the pacer's budget at once. A collection that began now would miss
            // most of it, and the release would have to wait for its end. It is counted before the release,
            // whose collection settles it.
            bool isReleased = mode != ReleaseMode.None;
            if (isReleased)
            {
                Pacer.Shared.Suspend();
            }

            try
            {
                (_entries, _bytes) = cache._engine.EvictDownToLimit(rest);
                cache._engine.Trim(rest);
                cache.Pace();
            }
            finally
            {
                if (isReleased)
                {
                    Pacer.Shared.Resume();
                }
            }

            _evictionTime = Stopwatch.GetElapsedTime(began);
            return true;
        }

        private Task<ReleaseResult> ReleaseAsync(CancellationToken cancellationToken)
        {
            if (mode == ReleaseMode.None)
            {
                return Task.FromResult(
                    NoRelease("no release was asked for; the runtime keeps the memory for its own next use"));
            }

            // Every byte that left the cache is named to the releaser once. What left before this call (replaced,
            // expired, evicted without a release) may have been collected since, so where that is most of it, the
            // snapshot is no baseline to judge by.
            long credited = cache._engine.CreditedBytes;
            long unclaimed = credited - Interlocked.Exchange(ref cache._creditedAtRelease, credited);
            bool isOwn = _bytes >= unclaimed / 2;
            var request = new ReleaseRequest
            {
                ExpectedBytes = isOwn ? _bytes : unclaimed,
                Baseline = isOwn ? _before : null,
                Mode = mode,
                Forced = !_setsLimit,
                TrimNative = cache._trimNative,

                // Callbacks hold the values they are told of. A callback that shrinks a cache must not wait for itself.
                WaitForCallbacks = _isInCallback ? null : cache._callbacks.WaitUntilIdle,
                ReadCaches = static () => LiveCaches.ReadShare(LiveCaches.All),
            };
            return MemoryReleaser.Shared.ReleaseAsync(request, cancellationToken);
        }

        private ReleaseResult NoRelease(string reason) => new()
        {
            Outcome = ReleaseOutcome.NotRequested,
            Reason = reason,
            Advice = [],
            Before = _before,
            After = ProcessMemorySnapshot.Take(),
            GCPause = TimeSpan.Zero,
            Collections = 0,
            Duration = TimeSpan.Zero,
        };

        private ShrinkReport Conclude(ReleaseResult release)
        {
            var report = new ShrinkReport
            {
                CacheName = cache.Name,
                OldMaxMemory = _oldMax,
                NewMaxMemory = _newMax,
                EntriesEvicted = _entries,
                BytesEvicted = _bytes,
                UsedMemory = cache.UsedMemory,
                Count = cache.Count,
                EvictionTime = _evictionTime,
                TotalTime = Stopwatch.GetElapsedTime(_started),
                GCPause = release.GCPause,
                LongestGCPause = release.LongestPause,
                Collections = release.Collections,
                ReleaseMode = mode,
                Outcome = release.Outcome,
                Reason = release.Reason,
                Advice = release.Advice,
                Before = _before,
                After = release.After,
            };
            if (_newMax <= _oldMax)
            {
                cache.OnReport(report, isShrink: _setsLimit);
            }

            return report;
        }
    }
}
