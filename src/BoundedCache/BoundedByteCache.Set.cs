using System.Buffers;
using BoundedCache.Bytes;
using BoundedCache.Diagnostics;
using BoundedCache.Process;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache;

/// <summary>Storing values, and when they expire.</summary>
public sealed partial class BoundedByteCache
{
    /// <summary>
    /// Stores a value. An entry with the key is replaced; where the value is refused, it is removed, since it is out of
    /// date.
    /// </summary>
    /// <param name="key">The key, up to 64 KiB.</param>
    /// <param name="value">The bytes, which are copied.</param>
    /// <param name="options">
    /// When the entry expires, by the rules of <c>MemoryDistributedCache</c>; null for never. Two rules differ: a time
    /// beyond the year 9999 means never, and a clock that goes back moves no end of a sliding window to an earlier
    /// time (<c>end-of-time</c> and <c>clock-put-back</c> in <c>docs/DEVIATIONS.md</c>). Of two absolute times the
    /// earlier one counts. A value that is expired already is not stored.
    /// </param>
    /// <returns>
    /// False where key or value is too large, where readers or other writes of large values hold the room for it, or
    /// where the system gives no memory. It is counted (<see cref="CacheSnapshot.RefusedTooLarge"/>).
    /// </returns>
    /// <exception cref="ObjectDisposedException">The cache is disposed.</exception>
    public bool Set(
        ReadOnlySpan<char> key, ReadOnlySpan<byte> value, DistributedCacheEntryOptions? options = null) =>
        TryRead(options, out EntryExpiration expiration)
            ? Report(_engine.Set(key, value, expiration))
            : SetExpired(key);

    /// <inheritdoc cref="Set(ReadOnlySpan{char}, ReadOnlySpan{byte}, DistributedCacheEntryOptions?)"/>
    public bool Set(
        ReadOnlySpan<char> key, in ReadOnlySequence<byte> value, DistributedCacheEntryOptions? options = null) =>
        TryRead(options, out EntryExpiration expiration)
            ? Report(_engine.Set(key, value, expiration))
            : SetExpired(key);

    /// <inheritdoc cref="Set(ReadOnlySpan{char}, ReadOnlySpan{byte}, DistributedCacheEntryOptions?)"/>
    /// <exception cref="ArgumentNullException">
    /// <paramref name="key"/> or <paramref name="value"/> is null.
    /// </exception>
    public bool Set(string key, byte[] value, DistributedCacheEntryOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(value);
        return Set(key.AsSpan(), value.AsSpan(), options);
    }

    /// <inheritdoc cref="Set(ReadOnlySpan{char}, ReadOnlySpan{byte}, DistributedCacheEntryOptions?)"/>
    /// <exception cref="ArgumentNullException"><paramref name="value"/> is null.</exception>
    public bool Set(ReadOnlySpan<char> key, byte[] value, DistributedCacheEntryOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(value);
        return Set(key, value.AsSpan(), options);
    }

    /// <inheritdoc cref="Set(ReadOnlySpan{char}, ReadOnlySpan{byte}, DistributedCacheEntryOptions?)"/>
    /// <exception cref="ArgumentNullException"><paramref name="key"/> is null.</exception>
    public bool Set(string key, ReadOnlySpan<byte> value, DistributedCacheEntryOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(key);
        return Set(key.AsSpan(), value, options);
    }

    /// <inheritdoc cref="Set(ReadOnlySpan{char}, ReadOnlySpan{byte}, DistributedCacheEntryOptions?)"/>
    /// <exception cref="ArgumentNullException"><paramref name="key"/> is null.</exception>
    public bool Set(string key, in ReadOnlySequence<byte> value, DistributedCacheEntryOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(key);
        return Set(key.AsSpan(), value, options);
    }

    /// <summary>What is expired already is not stored, but what it would have replaced is out of date.</summary>
    private bool SetExpired(ReadOnlySpan<char> key)
    {
        _ = _engine.Remove(key);
        _counters.OnRefused(EvictionReason.Expired);
        return true;
    }

    /// <returns>False where the entry would be expired already.</returns>
    private bool TryRead(DistributedCacheEntryOptions? options, out EntryExpiration expiration)
    {
        expiration = EntryExpiration.Never;
        if (options is null)
        {
            return true;
        }

        long absolute = long.MaxValue;
        long now = 0;
        if (options.AbsoluteExpiration is { } at)
        {
            absolute = at.UtcTicks;
        }

        if (options.AbsoluteExpirationRelativeToNow is not null || options.SlidingExpiration is not null
            || absolute != long.MaxValue)
        {
            now = _time.GetUtcNow().UtcTicks;
            StartScan();
        }

        if (options.AbsoluteExpirationRelativeToNow is { } relative)
        {
            absolute = Math.Min(absolute, EntryExpiration.Slide(now, relative.Ticks, long.MaxValue));
        }

        long window = options.SlidingExpiration?.Ticks ?? 0;
        expiration = new EntryExpiration(
            window > 0 ? EntryExpiration.Slide(now, window, absolute) : absolute, window, absolute);
        return absolute > now;
    }

    /// <summary>Starts the search for expired entries, once.</summary>
    private void StartScan()
    {
        if (Volatile.Read(ref _scan) is not null)
        {
            return;
        }

        lock (_lock)
        {
            if (_scan is null && !_engine.IsDisposed)
            {
                _scan = new WeakTimer<BoundedByteCache>(
                    _time, this, static cache => cache.Scan(), _scanFrequency, _scanFrequency);
            }
        }
    }

    /// <remarks>The clock is user code: on a timer's thread its exception would end the process.</remarks>
    private void Scan()
    {
        try
        {
            _ = _engine.RemoveExpired();
        }
        catch (Exception failure)
        {
            // Not at a limited rate, which would ask the clock.
            if (Interlocked.Exchange(ref _scanFailed, 1) == 0)
            {
                Log.ScanFailed(_logger, Name, failure);
            }
        }
    }
}
