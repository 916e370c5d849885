using System.Globalization;
using BoundedCache.Diagnostics;
using BoundedCache.Engine;
using BoundedCache.Entries;
using BoundedCache.Pacing;
using BoundedCache.Release;
using BoundedCache.Report;

namespace BoundedCache;

/// <summary>Lowering the limit, and giving memory back.</summary>
public sealed partial class BoundedMemoryCache : ShrinkOperation.ICache
{
    private readonly MemoryReleaser _releaser;
    private readonly Pacer _pacer;

    /// <summary>Bytes that had left the cache when memory was last released, or a release was prepared.</summary>
    private long _creditedAtRelease;

    private WeakReference<ShrinkOperation.ICache>? _self;

    /// <summary>
    /// Sets the limit as <see cref="MaxMemory"/> does, without blocking, and reports. The new limit holds when this
    /// returns its task; eviction and release follow on other threads.
    /// </summary>
    /// <param name="maxMemory">The new limit in bytes, at least 1.</param>
    /// <param name="releaseMode">How memory is given back after lowering; null for what the options say.</param>
    /// <param name="cancellationToken">
    /// Cancelled before the first step: nothing changes. Cancelled later: the limit stays, everything above it is
    /// evicted, and only the wait ends: the release runs all the same, and <see cref="CacheSnapshot.LastReport"/> tells
    /// of it.
    /// </param>
    /// <returns>
    /// What was evicted, what the process returned, and what it cost. Of many changes within ten seconds, most reports
    /// say <see cref="ReleaseOutcome.Skipped"/>, and that one release follows for all. Where slow eviction callbacks, a
    /// no-GC region, pins or finalizers keep the memory, the report says so. The release then follows by itself within
    /// seconds of becoming possible, and its report replaces this one as <see cref="CacheSnapshot.LastReport"/>.
    /// Whether pins are gone is tried only for some 40 seconds.
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

        var shrink = new ShrinkOperation(this, mode);
        shrink.SetLimit(maxMemory);
        return shrink.FinishOnOwnThread(cancellationToken);
    }

    /// <summary>
    /// Returns memory that evicted, replaced, removed or expired entries left behind to the operating system, and frees
    /// table space. Evicts nothing.
    /// </summary>
    /// <param name="releaseMode">
    /// How; null for <see cref="BoundedMemoryCacheOptions.ReleaseMode"/>, or <see cref="ReleaseMode.Full"/> where that
    /// is <see cref="ReleaseMode.None"/>. <see cref="ReleaseMode.None"/> itself only frees table space and reports.
    /// </param>
    /// <param name="cancellationToken">
    /// Stops waiting. A garbage collection that has begun runs to its end. A gentle release ends early if no other
    /// caller waits for it, and none is owed.
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

        var shrink = new ShrinkOperation(this, mode);
        return shrink.FinishOnOwnThread(cancellationToken);
    }

    /// <summary>The setter: runs all steps on this thread, including the wait for the release.</summary>
    private void Shrink(long maxMemory, ReleaseMode mode)
    {
        CheckLimit(maxMemory);
        ThrowIfDisposed();
        var shrink = new ShrinkOperation(this, mode);
        shrink.SetLimit(maxMemory);
        shrink.Finish(CancellationToken.None);
    }

    private static void CheckLimit(long maxMemory)
    {
        if (maxMemory < 1)
        {
            throw new ArgumentOutOfRangeException(
                nameof(maxMemory),
                maxMemory,
                string.Create(
                    CultureInfo.InvariantCulture, $"Expected a limit of at least 1 byte, got {maxMemory}."));
        }
    }

    private static ReleaseMode Check(ReleaseMode releaseMode) => Enum.IsDefined(releaseMode)
        ? releaseMode
        : throw new ArgumentOutOfRangeException(
            nameof(releaseMode), releaseMode, $"Expected the release mode None, Gentle or Full, got {releaseMode}.");

    EntrySizing ShrinkOperation.ICache.Sizing => _sizing;

    CacheEngine ShrinkOperation.ICache.Engine => _engine;

    long ShrinkOperation.ICache.MaxMemory => MaxMemory;

    long ShrinkOperation.ICache.SetMaxMemory(long maxMemory) => SetLimits(maxMemory);

    MemoryReleaser ShrinkOperation.ICache.Releaser => _releaser;

    bool ShrinkOperation.ICache.TrimNative => _trimNative;

    bool ShrinkOperation.ICache.IsInCallback => EvictionCallbacks.IsRunningHere;

    Func<CacheShare> ShrinkOperation.ICache.ReadCaches => static () => LiveCaches.ReadShare(LiveCaches.All);

    long ShrinkOperation.ICache.TakeLeftBytes()
    {
        long credited = _engine.CreditedBytes;
        return credited - Interlocked.Exchange(ref _creditedAtRelease, credited);
    }

    void ShrinkOperation.ICache.Pace() => Pace();

    void ShrinkOperation.ICache.SuspendPacing()
    {
        if (_pace is not null)
        {
            _pacer.Suspend(_pace);
        }
    }

    void ShrinkOperation.ICache.KeepPacingSuspended()
    {
        if (_pace is not null)
        {
            _pacer.KeepSuspended(_pace);
        }
    }

    void ShrinkOperation.ICache.ResumePacing()
    {
        if (_pace is not null)
        {
            _pacer.Resume(_pace, _engine.CreditedBytes, _engine.UsedBytes, _engine.MaxBytes, _engine.BulkBytes);
        }
    }

    WeakReference<ShrinkOperation.ICache> ShrinkOperation.ICache.Self =>
        LazyInitializer.EnsureInitialized(ref _self, () => new WeakReference<ShrinkOperation.ICache>(this));

    Func<TimeSpan, bool>? ShrinkOperation.ICache.MarkCallbacks() => _callbacks.Mark();

    IReadOnlyList<string> ShrinkOperation.ICache.CheckRoom() => CheckRoom() is { } finding ? [finding.ToString()] : [];

    void ShrinkOperation.ICache.OnRaised(long oldMax, long newMax) =>
        Log.Raised(_logger, Name, oldMax, newMax, _sizing.Unit);

    void ShrinkOperation.ICache.OnShrinking() => _counters.OnShrunk();

    void ShrinkOperation.ICache.OnReleased(ReleaseResult release) => OnReleased(release);

    void ShrinkOperation.ICache.OnOwedReport(ShrinkReport report, OwedEnd end) => OnOwedReport(report, end);

    void ShrinkOperation.ICache.OnOwedFailure(Exception failure) => Log.OwedReleaseFailed(_logger, Name, failure);

    void ShrinkOperation.ICache.OnReport(ShrinkReport report, bool isShrink) => OnReport(report, isShrink);
}
