using System.Diagnostics.Metrics;
using BoundedCache.Diagnostics;
using BoundedCache.Engine;
using BoundedCache.Entries;
using BoundedCache.Pacing;
using BoundedCache.Release;
using BoundedCache.Sizing;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace BoundedCache;

/// <summary>
/// A cache in this process whose limit is bytes of memory and can be changed while the cache is in use. When the
/// limit is lowered, the cache returns the memory to the operating system. A drop-in replacement for Microsoft's
/// <c>MemoryCache</c>.
/// </summary>
/// <remarks>
/// <para>Thread-safe: every member may be called at any time from any thread. Reads take no lock.</para>
/// <para>A full cache evicts entries of the lowest priority first to admit a new one: the least recently used, or as
/// <see cref="BoundedMemoryCacheOptions.EvictionPolicy"/> says. An entry larger than <see cref="EffectiveMaxMemory"/>
/// is refused; its eviction callbacks get the reason <see cref="EvictionReason.Capacity"/>.</para>
/// <para>No code of the application runs under the cache's lock: sizers, tokens and keys' <c>Equals</c> run on the
/// calling thread, eviction callbacks on the thread pool, and all of them may call the cache.</para>
/// </remarks>
public sealed partial class BoundedMemoryCache : IMemoryCache, IBoundedCache, ILiveCache, IObservedCache, IEntryStore
{
    private readonly CacheEngine _engine;
    private readonly ObjectMeasurer _measurer;
    private readonly EvictionCallbacks _callbacks;
    private readonly ValueDisposer _values;
    private readonly ExpirationScan _scan;
    private readonly TokenSizes _tokenSizes = new();
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Action<object?> _onTokenChanged;
    private readonly EntrySizing _sizing;
    private readonly ReleaseMode _releaseMode;
    private readonly bool _trimNative;
    private readonly bool _trackStatistics;
    private readonly bool _trackLinkedEntries;
    private readonly IdleReleaser.Member? _idle;

    /// <summary>Measures values that change; null under <see cref="EntrySizing.Declared"/>.</summary>
    private readonly CacheAudit? _audit;
    private IDisposable? _companion;
    private readonly PacedAccount? _pace;
    private bool _disposed;

    /// <summary>Whether <see cref="Dispose"/> has emptied the cache: who stores now removes it again.</summary>
    private bool _isEmptied;

    /// <summary>
    /// False where a read has more to do: the cache is disposed, or links entries. One check instead of two.
    /// </summary>
    private bool _plainReads;

    /// <summary>
    /// Creates a cache. It starts no thread, and a timer only with the first entry that can expire, or for idle
    /// releases. The first entry whose value can change starts the process's one thread for measuring values again.
    /// </summary>
    /// <param name="options">Settings, checked and copied: later changes have no effect.</param>
    /// <param name="loggerFactory">
    /// Where failing callbacks and sizers, resizes and releases are logged; null for nowhere.
    /// </param>
    /// <param name="meterFactory">
    /// Where the cache's instruments are published, on a meter <c>BoundedCache</c>; null for nowhere.
    /// </param>
    /// <exception cref="ArgumentNullException"><paramref name="options"/> is null.</exception>
    /// <exception cref="ArgumentException">A setting is missing; the message says which.</exception>
    /// <exception cref="ArgumentOutOfRangeException">
    /// A setting is out of range; the message says which, and what is allowed.
    /// </exception>
    public BoundedMemoryCache(
        BoundedMemoryCacheOptions options, ILoggerFactory? loggerFactory = null, IMeterFactory? meterFactory = null)
        : this(
            options,
            loggerFactory,
            meterFactory,
            MemoryReleaser.Shared,
            Pacer.Shared,
            pressure: PressureReleases.Shared)
    {
    }

    /// <summary>Creates a cache with a releaser, a pacer and an auditor for a test.</summary>
    internal BoundedMemoryCache(
        BoundedMemoryCacheOptions options,
        ILoggerFactory? loggerFactory,
        IMeterFactory? meterFactory,
        MemoryReleaser releaser,
        Pacer pacer,
        Auditor? auditor = null,
        MemoryPressure? pressure = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        _releaser = releaser;
        _pacer = pacer;
        Name = options.Name;
        _sizing = options.Sizing;
        _releaseMode = options.ReleaseMode;
        _trimNative = options.TrimNativeMemory;
        _time = options.TimeProvider;
        _maxMemory = options.MaxMemory;
        _minMemory = options.ConfiguredMinMemory;
        _trackStatistics = options.TrackStatistics;
        _trackLinkedEntries = options.TrackLinkedCacheEntries;
        _plainReads = !_trackLinkedEntries;
        _logger = loggerFactory is null
            ? NullLogger.Instance
            : new ContainedLogger(loggerFactory.CreateLogger<BoundedMemoryCache>());
        var failures = new FailureLog(Name, _logger, _time);

        // Weakly: callbacks under way, and releases that wait for them, must not keep a cache alive that was dropped.
        var weakEngine = new WeakReference<CacheEngine?>(null);
        _values = new ValueDisposer(options.DisposeValues, VisitDetails(weakEngine), failures);
        _callbacks = new EvictionCallbacks(_values, failures);
        _engine = new CacheEngine(
            options.MaxMemory, _time, _callbacks.OnRemoved, policy: options.EvictionPolicy);
        weakEngine.SetTarget(_engine);
        _measurer = new ObjectMeasurer(
            options.Sizers,
            failures.OnSizerFailed,
            onEstimated: failures.OnEstimated,
            onNotWalked: type => Log.ObjectsNotMeasured(_logger, Name, type));
        _scan = new ExpirationScan(
            _engine, _time, options.ExpirationScanFrequency, _callbacks.OnTokenFailed, failures.OnScanFailed, Pace);
        _onTokenChanged = new ChangeTokenListener(_engine).OnChanged;

        _audit = MakeAudit(options, auditor ?? Auditor.Shared);

        // Declared sizes may be in any unit, so their sum says nothing about memory.
        _pace = options.PacingShare > 0 && _sizing == EntrySizing.Measured
            ? pacer.Open(options.PacingShare, failures.OnPacingFailed)
            : null;
        Publish(meterFactory);
        LiveCaches.Add(this);
        CheckRoom();
        _idle = JoinIdleReleaser(options, failures);
        _pressure = JoinPressure(options, pressure);
    }

    /// <summary>The cache's name in reports, logs and metrics.</summary>
    public string Name { get; }

    /// <summary>
    /// The limit, in bytes (in declared units under <see cref="EntrySizing.Declared"/>), from 1 to
    /// <see cref="long.MaxValue"/>. One byte is allowed, but then nothing fits.
    /// </summary>
    /// <remarks>
    /// Raising it takes effect at once. Lowering it evicts down to the new limit, frees table space and then returns
    /// memory to the operating system as <see cref="BoundedMemoryCacheOptions.ReleaseMode"/> says. The setter returns
    /// after all that; under <see cref="ReleaseMode.Gentle"/> it blocks for seconds. New entries obey the new limit
    /// from the first moment. If several threads set it, the last one wins. <see cref="SetMaxMemoryAsync"/> does the
    /// same without blocking, and reports.
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException">The value is zero or negative; nothing changes.</exception>
    /// <exception cref="ObjectDisposedException">The cache is disposed (set only).</exception>
    /// <exception cref="ThreadInterruptedException">
    /// The thread was interrupted while the setter waited. If the limit had changed by then, eviction, release and
    /// report follow on another thread.
    /// </exception>
    public long MaxMemory
    {
        get => Volatile.Read(ref _maxMemory);
        set => Shrink(value, _releaseMode);
    }

    /// <summary>
    /// The limit that holds now, in bytes: <see cref="MaxMemory"/>, or less while the cache yields to memory pressure
    /// (<see cref="BoundedMemoryCacheOptions.YieldToMemoryPressure"/>). Pressure leaves at least what
    /// <see cref="BoundedMemoryCacheOptions.MinMemory"/> says. An entry that is larger is refused.
    /// </summary>
    public long EffectiveMaxMemory => Math.Min(MaxMemory, _engine.MaxBytes);

    /// <summary>
    /// Accounted bytes: the sum of what the entries were charged. Never above <see cref="EffectiveMaxMemory"/>, except
    /// during the eviction after that fell; then it only falls.
    /// </summary>
    public long UsedMemory => _engine.UsedBytes;

    /// <summary>The number of entries, including those that expired and were not removed yet.</summary>
    public int Count => _engine.Count;

    /// <summary>
    /// The keys when the enumeration began, in no particular order and none twice. Keys that are removed while the
    /// enumeration begins may be missing. Does not count as a use. Empty once the cache is disposed.
    /// </summary>
    public IEnumerable<object> Keys => EnumerateKeys();

    /// <summary>
    /// Removes all entries, with the reason <see cref="EvictionReason.Removed"/>. Returns no memory to the operating
    /// system; see <see cref="ReleaseAsync"/>.
    /// </summary>
    /// <exception cref="ObjectDisposedException">The cache is disposed.</exception>
    public void Clear()
    {
        ThrowIfDisposed();
        _engine.Clear();
        _engine.Trim();
        Pace();
    }

    /// <summary>
    /// Removes a share of the entries: expired ones first, then by priority and last use, but none that is
    /// <see cref="CacheItemPriority.NeverRemove"/>. Returns no memory to the operating system; see
    /// <see cref="ReleaseAsync"/>.
    /// </summary>
    /// <param name="percentage">
    /// The share of the number of entries to remove, from 0 to 1. As with <c>MemoryCache</c>, a smaller value (or NaN)
    /// removes only expired entries, and a larger one removes all.
    /// </param>
    public void Compact(double percentage)
    {
        // The conversion saturates at the ends of int, and turns NaN into 0.
        long target = (int)(Count * percentage);
        _engine.Evict(target - _scan.Run());
        _engine.Trim();
        Pace();
    }

    /// <summary>Measurements in the background, for tests; null under <see cref="EntrySizing.Declared"/>.</summary>
    internal CacheAudit? Audit => _audit;

    /// <summary>The engine, for the invariant checker and for reports.</summary>
    internal CacheEngine Engine => _engine;

    /// <summary>
    /// Sets an object that is disposed with this cache. The code that made the cache calls it once, before it hands the
    /// cache out.
    /// </summary>
    internal void DisposeWithCache(IDisposable companion) => _companion = companion;

    /// <summary>Waits until no eviction callback is queued or running; false if that took longer.</summary>
    internal bool WaitForCallbacks(TimeSpan timeout) => _callbacks.WaitUntilIdle(timeout);

    private static Action<Func<object?, bool>, Action<EntryDetails>> VisitDetails(
        WeakReference<CacheEngine?> weakEngine) =>
        (wants, visit) =>
        {
            if (weakEngine.TryGetTarget(out CacheEngine? engine))
            {
                engine.VisitDetails(wants, visit);
            }
        };

    private IEnumerable<object> EnumerateKeys()
    {
        foreach (object key in _engine.SnapshotKeys())
        {
            yield return key;
        }
    }

    /// <summary>
    /// Reports to the pacer, which collects when too many bytes came or left. Call it after every change.
    /// </summary>
    private void Pace() => _pace?.Report(
        _engine.CreditedBytes, _engine.UsedBytes, _engine.MaxBytes, bulkBytes: _engine.BulkBytes);

    private void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(_disposed, this);
}
