namespace BoundedCache;

/// <summary>Removals by key, of many entries.</summary>
public sealed partial class BoundedMemoryCache
{
    /// <summary>
    /// Removes the entries whose keys match, such as all that begin with a prefix, with the reason
    /// <see cref="Microsoft.Extensions.Caching.Memory.EvictionReason.Removed"/>. Returns no memory to the operating
    /// system; see <see cref="ReleaseAsync"/>.
    /// </summary>
    /// <param name="match">
    /// Whether the entry with this key is to be removed. It is asked on the calling thread and under no lock, and may
    /// call the cache. It is also asked about the keys whose values are being made by <c>GetOrCreate</c> or
    /// <c>GetOrCreateAsync</c>: if they match, the results are not stored. It may be asked more than once about a key
    /// that is made or written meanwhile.
    /// </param>
    /// <returns>The number of entries removed. Entries that were expired and not removed yet count.</returns>
    /// <remarks>
    /// <para>An entry that is there from beginning to end is asked about. One that is stored meanwhile may be or may
    /// not. One that is replaced after its key matched stays: it is another entry. Only one with the same key object
    /// and the same value object cannot be told from it, and is removed.</para>
    /// <para>It takes time in proportion to the number of entries, in steps; others read and write in between.
    /// Meanwhile the cache's table does not become smaller.</para>
    /// <para>If <paramref name="match"/> throws, the exception reaches the caller, and what matched until then is
    /// removed.</para>
    /// </remarks>
    /// <exception cref="ArgumentNullException"><paramref name="match"/> is null.</exception>
    /// <exception cref="ObjectDisposedException">The cache is disposed.</exception>
    public int RemoveWhere(Func<object, bool> match)
    {
        ArgumentNullException.ThrowIfNull(match);
        ThrowIfDisposed();
        int removed = 0;
        try
        {
            _engine.RemoveWhere(match, ref removed);
        }
        finally
        {
            if (removed > 0)
            {
                _engine.Trim();
                Pace();
            }
        }

        return removed;
    }
}
