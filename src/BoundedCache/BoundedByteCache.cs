using System.Buffers;
using System.Diagnostics.Metrics;
using BoundedCache.Bytes;
using BoundedCache.Diagnostics;
using BoundedCache.Entries;
using BoundedCache.Pacing;
using BoundedCache.Process;
using BoundedCache.Release;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace BoundedCache;

/// <summary>
/// An LRU cache of bytes in native memory: no object for an entry, and no garbage collection for what leaves. Its limit
/// counts resident bytes and can be changed while the cache is in use.
/// </summary>
/// <remarks>
/// <para>Thread-safe: every member may be called at any time from any thread. Reads take no lock, except, briefly,
/// <see cref="Refresh(string)"/> and reads of entries with a sliding expiration, of those whose key and value together
/// take more than about 64 KB, of those that others change at each of several tries, and of those with more than a
/// thousand others in their place of the table.</para>
/// <para>Keys are texts of up to 64 KiB (65,536 characters of Latin-1, 32,768 of others), compared character by
/// character; the empty text is a key. Values have up to <see cref="MaxMemory"/> and at most
/// <see cref="Array.MaxLength"/> bytes.</para>
/// <para>No code of the application runs under the lock that guards the entries: an <see cref="IBufferWriter{T}"/> may
/// throw, block or call the cache. Only <see cref="TimeProvider.CreateTimer"/> is called under a lock, the one that
/// guards the limit, when the first entry comes that expires.</para>
/// <para>Linux on x64 only.</para>
/// </remarks>
public sealed partial class BoundedByteCache : IBoundedCache, IObservedCache, ILiveCache, IDisposable
{
    private readonly ByteEngine _engine;
    private readonly TimeProvider _time;
    private readonly TimeSpan _scanFrequency;
    private readonly ILogger _logger;
    private readonly ProcessMemory _memory = ProcessMemory.Shared;
    private readonly Lock _lock = new();
    private WeakTimer<BoundedByteCache>? _scan;
    private IDisposable? _companion;
    private long _maxMemory;
    private long _cap = long.MaxValue;
    private int _scanFailed;

    /// <summary>Creates a cache. It starts no thread, and a timer only with the first entry that expires.</summary>
    /// <param name="options">Settings, checked and copied: later changes have no effect.</param>
    /// <param name="loggerFactory">Where changes of the limit are logged; null for nowhere.</param>
    /// <param name="meterFactory">
    /// Where the cache's instruments are published, on a meter <c>BoundedCache</c>; null for nowhere.
    /// </param>
    /// <exception cref="ArgumentNullException"><paramref name="options"/> is null.</exception>
    /// <exception cref="ArgumentException">A setting is missing; the message says which.</exception>
    /// <exception cref="ArgumentOutOfRangeException">
    /// A setting is out of range; the message says which, and what is allowed.
    /// </exception>
    /// <exception cref="PlatformNotSupportedException">This is not Linux on x64.</exception>
    public BoundedByteCache(
        BoundedByteCacheOptions options, ILoggerFactory? loggerFactory = null, IMeterFactory? meterFactory = null)
        : this(options, loggerFactory, meterFactory, null, PressureReleases.Shared)
    {
    }

    /// <summary>Creates a cache with a source of pages for a test.</summary>
    internal BoundedByteCache(
        BoundedByteCacheOptions options,
        ILoggerFactory? loggerFactory,
        IMeterFactory? meterFactory,
        IPageSource? pages,
        MemoryPressure? pressure = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        Name = options.Name;
        _minMemory = options.ConfiguredMinMemory;
        _yieldsToMachine = options.YieldToMachinePressure;
        _reserve = options.MemoryReserve;
        _time = options.TimeProvider;
        _scanFrequency = options.ExpirationScanFrequency;
        _trackStatistics = options.TrackStatistics;
        _maxMemory = options.MaxMemory;
        _logger = loggerFactory is null
            ? NullLogger.Instance
            : new ContainedLogger(loggerFactory.CreateLogger<BoundedByteCache>());
        _engine = new ByteEngine(
            pages ?? LinuxPageSource.Create(options.ExcludeFromCoreDumps),
            options.MaxMemory,
            _time,
            options.ClearFreedMemory,
            options.EvictionPolicy);
        _yieldLog = new LogThrottle(_time);
        Publish(meterFactory);
        _pressure = options.YieldToMemoryPressure ? pressure?.Join(this) : null;
        LiveCaches.Add(this);
        CheckRoom();
    }

    /// <summary>The cache's name in reports, logs and metrics.</summary>
    public string Name { get; }

    /// <summary>
    /// Resident bytes of native memory: values, keys, tables and what lies unused between them, in whole pages. Never
    /// above <see cref="EffectiveMaxMemory"/>, except while a lowered limit is being reached, by up to 16 MiB while
    /// free memory is being given back, and as far as readers copy large values that have left, large values were
    /// being written when the limit fell, or the system takes no memory back (<c>mlockall</c>). Not counted: pages of
    /// the scan-resistant policy's table that a late reader writes to after they were given back.
    /// </summary>
    public long UsedMemory => _engine.UsedBytes;

    /// <summary>The number of entries, including those that expired and were not removed yet.</summary>
    public int Count => _engine.Count;

    /// <summary>Copies a value.</summary>
    /// <param name="key">The key.</param>
    /// <param name="destination">
    /// Where to. Values of up to about 64 KB come in one span; larger ones in pieces, all of the same value. Where it
    /// throws, the exception goes to the caller; it may have got a part of a large value then.
    /// </param>
    /// <returns>Whether there is a value; if not, nothing was written.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="destination"/> is null.</exception>
    /// <exception cref="ObjectDisposedException">The cache is disposed.</exception>
    public bool TryGet(ReadOnlySpan<char> key, IBufferWriter<byte> destination)
    {
        ArgumentNullException.ThrowIfNull(destination);
        return _engine.TryGet(key, destination);
    }

    /// <inheritdoc cref="TryGet(ReadOnlySpan{char}, IBufferWriter{byte})"/>
    /// <exception cref="ArgumentNullException">
    /// <paramref name="key"/> or <paramref name="destination"/> is null.
    /// </exception>
    public bool TryGet(string key, IBufferWriter<byte> destination)
    {
        ArgumentNullException.ThrowIfNull(key);
        return TryGet(key.AsSpan(), destination);
    }

    /// <summary>Copies a value into a new array.</summary>
    /// <param name="key">The key.</param>
    /// <returns>The value; null where there is none.</returns>
    /// <exception cref="ObjectDisposedException">The cache is disposed.</exception>
    public byte[]? Get(ReadOnlySpan<char> key) => _engine.Get(key);

    /// <inheritdoc cref="Get(ReadOnlySpan{char})"/>
    /// <exception cref="ArgumentNullException"><paramref name="key"/> is null.</exception>
    public byte[]? Get(string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return _engine.Get(key);
    }

    /// <summary>Marks an entry as used, which also renews its sliding expiration.</summary>
    /// <param name="key">The key.</param>
    /// <returns>Whether there is an entry.</returns>
    /// <exception cref="ObjectDisposedException">The cache is disposed.</exception>
    public bool Refresh(ReadOnlySpan<char> key) => _engine.Refresh(key);

    /// <inheritdoc cref="Refresh(ReadOnlySpan{char})"/>
    /// <exception cref="ArgumentNullException"><paramref name="key"/> is null.</exception>
    public bool Refresh(string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return _engine.Refresh(key);
    }

    /// <summary>Removes an entry.</summary>
    /// <param name="key">The key.</param>
    /// <returns>Whether there was one that had not expired.</returns>
    /// <exception cref="ObjectDisposedException">The cache is disposed.</exception>
    public bool Remove(ReadOnlySpan<char> key) => _engine.Remove(key);

    /// <inheritdoc cref="Remove(ReadOnlySpan{char})"/>
    /// <exception cref="ArgumentNullException"><paramref name="key"/> is null.</exception>
    public bool Remove(string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return _engine.Remove(key);
    }

    /// <summary>
    /// Removes the entries whose keys begin with a text, compared character by character. Looks at every entry, in
    /// steps that hold up no others. Entries that are stored meanwhile may stay.
    /// </summary>
    /// <param name="prefix">The text; empty for all entries.</param>
    /// <returns>How many entries were removed.</returns>
    /// <exception cref="ObjectDisposedException">The cache is disposed.</exception>
    public int RemoveByPrefix(ReadOnlySpan<char> prefix) => _engine.RemoveByPrefix(prefix);

    /// <inheritdoc cref="RemoveByPrefix(ReadOnlySpan{char})"/>
    /// <exception cref="ArgumentNullException"><paramref name="prefix"/> is null.</exception>
    public int RemoveByPrefix(string prefix)
    {
        ArgumentNullException.ThrowIfNull(prefix);
        return _engine.RemoveByPrefix(prefix);
    }

    /// <summary>
    /// Removes all entries and gives their memory back to the operating system. Entries that are stored meanwhile may
    /// stay.
    /// </summary>
    /// <exception cref="ObjectDisposedException">The cache is disposed.</exception>
    public void Clear()
    {
        ThrowIfDisposed();
        _engine.Clear();
    }

    /// <summary>
    /// Removes a share of the entries, expired ones first, then in the order of the policy, and gives their memory
    /// back. On a disposed cache it does nothing.
    /// </summary>
    /// <param name="percentage">
    /// The share of the number of entries to remove, from 0 to 1. A smaller value (or NaN) removes only expired
    /// entries, a larger one removes all.
    /// </param>
    public void Compact(double percentage)
    {
        // The conversion saturates at the ends of int, and turns NaN into 0. No more than there are now: others may
        // store new ones for ever.
        int count = Count;
        long target = Math.Min(count, (int)(count * percentage));
        _engine.Evict(target - _engine.RemoveExpired(), ByteRemoval.Compact);
    }

    /// <summary>
    /// Removes all entries and gives the memory back. Readers that are inside get their whole value, or an
    /// <see cref="ObjectDisposedException"/>. Later calls get that exception. Disposing twice is harmless.
    /// </summary>
    public void Dispose()
    {
        if (!_engine.Dispose())
        {
            return;
        }

        // Timers and change tokens are the application's, and may throw.
        EveryStep.Run(() => _pressure?.Leave(), LeaveCompanion, StopScan, Unpublish);
    }

    private void LeaveCompanion()
    {
        _companion?.Dispose();
        _companion = null;
    }

    private void StopScan()
    {
        using (_lock.EnterAlways())
        {
            _scan?.Stop();
        }
    }

    /// <summary>Removes entries by the beginning of their values.</summary>
    internal int RemoveByValue(Func<ReadOnlySpan<byte>, int, bool> match) => _engine.RemoveByValue(match);

    /// <summary>Whether memory is overwritten when an entry leaves it.</summary>
    internal bool ClearsMemory => _engine.ClearsMemory;

    /// <summary>Sets an object that is disposed with this cache. Called once, before the cache is handed out.</summary>
    internal void DisposeWithCache(IDisposable companion) => _companion = companion;

    /// <summary>The engine, for the invariant checker.</summary>
    internal ByteEngine Engine => _engine;

    private void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(_engine.IsDisposed, this);
}
