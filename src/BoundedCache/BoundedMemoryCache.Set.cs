using BoundedCache.Engine;
using BoundedCache.Entries;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache;

/// <summary>
/// Stores entries in one call, without an <see cref="ICacheEntry"/>. On a variable of this class these methods come
/// before the extension methods of <see cref="IMemoryCache"/> with the same names. They do the same, and allocate
/// nothing.
/// </summary>
public sealed partial class BoundedMemoryCache
{
    /// <summary>
    /// Stores a value that does not expire. It replaces the value with the same key, if there
    /// is one. Allocates nothing.
    /// </summary>
    /// <typeparam name="TItem">The type of the value; one that is a struct is boxed.</typeparam>
    /// <param name="key">The key.</param>
    /// <param name="value">The value, or null.</param>
    /// <returns>The value.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="key"/> is null.</exception>
    /// <exception cref="InvalidOperationException">
    /// The cache counts declared sizes, and this entry has none; nothing changes.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The cache is disposed.</exception>
    public TItem Set<TItem>(object key, TItem value)
    {
        Set(key, value, size: null, DateTimeOffset.MaxValue);
        return value;
    }

    /// <summary>Stores a value with a declared size that does not expire. Allocates nothing.</summary>
    /// <typeparam name="TItem">The type of the value; one that is a struct is boxed.</typeparam>
    /// <param name="key">The key.</param>
    /// <param name="value">The value, or null.</param>
    /// <param name="size">
    /// Like <see cref="ICacheEntry.Size"/>: a minimum in bytes under <see cref="EntrySizing.Measured"/>, the charge
    /// itself under <see cref="EntrySizing.Declared"/>. Not a lifetime: that is a <see cref="TimeSpan"/>, passed to
    /// <c>Set</c>.
    /// </param>
    /// <returns>The value.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="size"/> is negative; nothing changes.</exception>
    /// <exception cref="ArgumentNullException"><paramref name="key"/> is null.</exception>
    /// <exception cref="InvalidOperationException">
    /// The cache counts declared sizes, and this entry has none; nothing changes.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The cache is disposed.</exception>
    public TItem SetWithSize<TItem>(object key, TItem value, long size)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(size);
        Set(key, value, size, DateTimeOffset.MaxValue);
        return value;
    }

    /// <summary>Stores a value that expires at a given time. Allocates nothing.</summary>
    /// <typeparam name="TItem">The type of the value; one that is a struct is boxed.</typeparam>
    /// <param name="key">The key.</param>
    /// <param name="value">The value, or null.</param>
    /// <param name="absoluteExpiration">
    /// The time from which the entry is expired. An entry that is expired already is not stored, and the entry that it
    /// would have replaced is removed.
    /// </param>
    /// <returns>The value.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="key"/> is null.</exception>
    /// <exception cref="InvalidOperationException">
    /// The cache counts declared sizes, and this entry has none; nothing changes.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The cache is disposed.</exception>
    public TItem Set<TItem>(object key, TItem value, DateTimeOffset absoluteExpiration)
    {
        Set(key, value, size: null, absoluteExpiration);
        return value;
    }

    /// <summary>Stores a value that expires after a given time. Allocates nothing.</summary>
    /// <typeparam name="TItem">The type of the value; one that is a struct is boxed.</typeparam>
    /// <param name="key">The key.</param>
    /// <param name="value">The value, or null.</param>
    /// <param name="absoluteExpirationRelativeToNow">
    /// How long the entry stays, whether it is used or not.
    /// </param>
    /// <returns>The value.</returns>
    /// <exception cref="ArgumentOutOfRangeException">
    /// <paramref name="absoluteExpirationRelativeToNow"/> is zero or negative; nothing changes.
    /// </exception>
    /// <exception cref="ArgumentNullException"><paramref name="key"/> is null.</exception>
    /// <exception cref="InvalidOperationException">
    /// The cache counts declared sizes, and this entry has none; nothing changes.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The cache is disposed.</exception>
    public TItem Set<TItem>(object key, TItem value, TimeSpan absoluteExpirationRelativeToNow)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(absoluteExpirationRelativeToNow, TimeSpan.Zero);
        Set(key, value, size: null, long.MaxValue, absoluteExpirationRelativeToNow.Ticks);
        return value;
    }

    private void Set(object key, object? value, long? size, DateTimeOffset absoluteExpiration) => Set(
        key,
        value,
        size,
        absoluteExpiration == DateTimeOffset.MaxValue ? long.MaxValue : absoluteExpiration.UtcTicks,
        relativeTicks: 0);

    private void Set(object key, object? value, long? size, long absoluteTicks, long relativeTicks)
    {
        ThrowIfDisposed();
        ArgumentNullException.ThrowIfNull(key);
        if (_trackLinkedEntries || _values.Watches(value))
        {
            SetByEntry(key, value, size, absoluteTicks, relativeTicks);
            return;
        }

        long measured = MeasureForStore(key, value, size, out StoredKind kind);
        bool expires = absoluteTicks != long.MaxValue || relativeTicks > 0;
        long now = expires ? _time.GetUtcNow().UtcTicks : 0;
        long absolute = relativeTicks > 0 ? Ticks.Add(now, relativeTicks) : absoluteTicks;
        Store(key, new EntryDraft(value, Details: null, CacheItemPriority.Normal, measured, kind, absolute, now));
    }

    /// <summary>
    /// Stores through an entry: one that is being built around it inherits its expiration, or its value is disposed.
    /// </summary>
    private void SetByEntry(object key, object? value, long? size, long absoluteTicks, long relativeTicks)
    {
        using ICacheEntry entry = CreateEntry(key);
        entry.Value = value;
        entry.Size = size;
        entry.AbsoluteExpiration = absoluteTicks <= DateTimeOffset.MaxValue.UtcTicks
            ? new DateTimeOffset(absoluteTicks, TimeSpan.Zero)
            : null;
        entry.AbsoluteExpirationRelativeToNow = relativeTicks > 0 ? TimeSpan.FromTicks(relativeTicks) : null;
    }
}
