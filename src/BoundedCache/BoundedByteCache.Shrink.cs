using System.Diagnostics;
using System.Globalization;
using BoundedCache.Diagnostics;

namespace BoundedCache;

/// <summary>The limit, and giving memory back.</summary>
public sealed partial class BoundedByteCache
{
    /// <summary>
    /// The limit that was set, in resident bytes, at least 1. One byte is allowed, but then nothing fits.
    /// </summary>
    /// <remarks>
    /// Raising it takes effect at once. Lowering it evicts down to the new limit, moves the survivors together and
    /// gives the rest back to the operating system before the setter returns; no garbage collection is needed. New
    /// entries obey the new limit from the first moment. If several threads set it, the last one wins.
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException">The value is zero or negative; nothing changes.</exception>
    /// <exception cref="ObjectDisposedException">The cache is disposed (set only).</exception>
    public long MaxMemory
    {
        get => Volatile.Read(ref _maxMemory);
        set
        {
            CheckLimit(value);
            Finish(BeginShrink(value));
        }
    }

    /// <summary>
    /// The limit that holds now, in bytes: <see cref="MaxMemory"/>, or less under memory pressure.
    /// </summary>
    public long EffectiveMaxMemory => _engine.LimitBytes;

    /// <summary>
    /// Sets the limit as <see cref="MaxMemory"/> does, without blocking, and reports. The new limit holds when this
    /// returns its task; eviction follows on another thread.
    /// </summary>
    /// <param name="maxMemory">The new limit in bytes, at least 1.</param>
    /// <param name="cancellationToken">
    /// Cancelled before the first step: nothing changes. Cancelled later: only the wait ends.
    /// </param>
    /// <returns>What this cache evicted and gave back, and how long it took.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A limit of zero or less; nothing changes.</exception>
    /// <exception cref="ObjectDisposedException">The cache is disposed.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled (thrown by the task).</exception>
    public Task<ShrinkReport> SetMaxMemoryAsync(long maxMemory, CancellationToken cancellationToken = default)
    {
        CheckLimit(maxMemory);
        ThrowIfDisposed();
        if (cancellationToken.IsCancellationRequested)
        {
            return Task.FromCanceled<ShrinkReport>(cancellationToken);
        }

        ShrinkStart start = BeginShrink(maxMemory);
        return Task.Run(() => Finish(start), CancellationToken.None).WaitAsync(cancellationToken);
    }

    /// <inheritdoc/>
    Task<ShrinkReport> IBoundedCache.SetMaxMemoryAsync(
        long maxMemory, ReleaseMode? releaseMode, CancellationToken cancellationToken)
    {
        Check(releaseMode);
        return SetMaxMemoryAsync(maxMemory, cancellationToken);
    }

    /// <inheritdoc/>
    Task<ShrinkReport> IBoundedCache.ReleaseAsync(ReleaseMode? releaseMode, CancellationToken cancellationToken)
    {
        Check(releaseMode);
        ThrowIfDisposed();
        return cancellationToken.IsCancellationRequested
            ? Task.FromCanceled<ShrinkReport>(cancellationToken)
            : Task.Run(Release, CancellationToken.None).WaitAsync(cancellationToken);
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

    /// <summary>No mode makes a difference here: memory goes back at once, without a collection.</summary>
    private static void Check(ReleaseMode? releaseMode)
    {
        if (releaseMode is { } known && !Enum.IsDefined(known))
        {
            throw new ArgumentOutOfRangeException(
                nameof(releaseMode), known, $"Expected the release mode None, Gentle or Full, got {known}.");
        }
    }

    private ShrinkStart BeginShrink(long maxMemory)
    {
        ThrowIfDisposed();
        ProcessMemorySnapshot before = _memory.TakeSnapshot();
        long started = Stopwatch.GetTimestamp();
        ShrinkStart start;
        lock (_lock)
        {
            long old = _maxMemory;
            SetLimits_NeedsLock(maxMemory, _cap);
            start = new ShrinkStart(old, maxMemory, before, started);
        }

        return start with { Advice = CheckRoom() };
    }

    private ShrinkReport Finish(ShrinkStart start)
    {
        bool isRaised = start.NewLimit > start.OldLimit;
        long givenBack = 0;
        EntryTotals evicted = isRaised ? default : _engine.EvictToLimit(out givenBack);
        TimeSpan time = Stopwatch.GetElapsedTime(start.Started);
        if (isRaised)
        {
            Log.Raised(_logger, Name, start.OldLimit, start.NewLimit, EntrySizing.Measured.Unit);
        }
        else
        {
            _counters.OnShrunk();
        }

        ShrinkReport report = new()
        {
            CacheName = Name,
            OldMaxMemory = start.OldLimit,
            NewMaxMemory = start.NewLimit,
            LimitChange = isRaised ? MaxMemoryChange.Raised
                : start.NewLimit == start.OldLimit ? MaxMemoryChange.Unchanged
                : MaxMemoryChange.Lowered,
            EntriesEvicted = evicted.Entries,
            BytesEvicted = evicted.Bytes,
            UsedMemory = UsedMemory,
            Count = Count,
            EvictionTime = isRaised ? TimeSpan.Zero : time,
            TotalTime = time,
            Started = start.Started,
            ReleaseMode = ReleaseMode.Full,
            Outcome = isRaised ? ReleaseOutcome.NotRequested : ReleaseOutcome.Released,
            Reason = isRaised ? "The limit was raised" : Describe(givenBack),
            Advice = start.Advice,
            Before = start.Before,
            After = _memory.TakeSnapshot(),
        };
        if (!isRaised)
        {
            _counters.OnReleased(givenBack, TimeSpan.Zero);
            OnReport(report, isShrink: true);
        }

        return report;
    }

    private ShrinkReport Release()
    {
        ProcessMemorySnapshot before = _memory.TakeSnapshot();
        long started = Stopwatch.GetTimestamp();
        long givenBack = _engine.GiveBack(all: true);
        ShrinkReport report = new()
        {
            CacheName = Name,
            OldMaxMemory = MaxMemory,
            NewMaxMemory = MaxMemory,
            UsedMemory = UsedMemory,
            Count = Count,
            TotalTime = Stopwatch.GetElapsedTime(started),
            Started = started,
            ReleaseMode = ReleaseMode.Full,
            Outcome = ReleaseOutcome.Released,
            Reason = Describe(givenBack),
            Before = before,
            After = _memory.TakeSnapshot(),
        };
        _counters.OnReleased(givenBack, TimeSpan.Zero);
        OnReport(report, isShrink: false);
        return report;
    }

    private string Describe(long givenBack)
    {
        // Read once: both change at any time.
        long beyond = UsedMemory - EffectiveMaxMemory;
        return $"This cache gave back {ByteSize.Format(givenBack)} of its native memory, without a garbage collection"
            + (beyond > 0
                ? $"; {ByteSize.Format(beyond)} beyond the limit stay for now: entries that must go have not all left, "
                    + "readers or writes still use memory, another call gives it back, or the system takes none back"
                : "");
    }

    private readonly record struct ShrinkStart(
        long OldLimit, long NewLimit, ProcessMemorySnapshot Before, long Started)
    {
        /// <summary>What is missing for the new limit.</summary>
        public IReadOnlyList<string> Advice { get; init; } = [];
    }
}
