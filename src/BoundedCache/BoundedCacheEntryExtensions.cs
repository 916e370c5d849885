using BoundedCache.Entries;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache;

/// <summary>Settings of entries that <see cref="ICacheEntry"/> does not have.</summary>
public static class BoundedCacheEntryExtensions
{
    /// <summary>
    /// Has the entry's value disposed when the entry has left the cache, for whatever reason: evicted, expired,
    /// removed, replaced, cleared, or because the cache is disposed.
    /// </summary>
    /// <remarks>
    /// <para>In a <see cref="BoundedMemoryCache"/> the value is disposed once, on the thread pool, after the entry's
    /// eviction callbacks. It is disposed by <see cref="IDisposable.Dispose"/>, or by
    /// <see cref="IAsyncDisposable.DisposeAsync"/> if it has only that. Exceptions are logged.</para>
    /// <para>The cache's own <c>Dispose</c> disposes the values that are stored then, on its caller's thread, before it
    /// returns. Of an asynchronous disposal it awaits only the beginning. Values of entries that left the cache earlier
    /// may be disposed after it returned.</para>
    /// <para>It is not disposed while another entry of the same cache holds the same instance, but when the last of
    /// them leaves. It is not disposed if it was refused, because it is too large, or expired, or its key was
    /// written while a factory made it: the caller holds it. This also holds for an instance that was stored before:
    /// once it was refused, no entry that leaves disposes it, until it is stored again. Tasks, lazies and collections
    /// of disposable objects are not followed.</para>
    /// <para>Whoever read the value before may still use it when it is disposed: the cache does not know readers. So it
    /// suits values whose methods may be called after their disposal, or that are used only at once.</para>
    /// <para>In another <see cref="IMemoryCache"/> this is an eviction callback that disposes the value. Such a cache
    /// also calls it for a value that it refused, and does not count other entries with the same instance.</para>
    /// <para>The first such entry has the cache look through all its entries once, for others that hold disposable
    /// values.</para>
    /// </remarks>
    /// <param name="entry">The entry. Its value need not be disposable.</param>
    /// <returns>The entry.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="entry"/> is null.</exception>
    public static ICacheEntry DisposeValueOnRemoval(this ICacheEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        ValueDisposer.Mark(entry.PostEvictionCallbacks);
        return entry;
    }

    /// <inheritdoc cref="DisposeValueOnRemoval(ICacheEntry)"/>
    /// <param name="options">The options of entries whose values are disposed.</param>
    /// <returns>The options.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="options"/> is null.</exception>
    public static MemoryCacheEntryOptions DisposeValueOnRemoval(this MemoryCacheEntryOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        ValueDisposer.Mark(options.PostEvictionCallbacks);
        return options;
    }
}
