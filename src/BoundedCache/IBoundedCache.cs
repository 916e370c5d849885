namespace BoundedCache;

/// <summary>
/// What every kind of cache in this library has: a limit in bytes of memory that can be changed while the cache is in
/// use. Code that lists, watches or resizes caches works on this interface; so do
/// <see cref="BoundedMemoryCacheRegistry"/>, the metrics and the admin endpoint. Tests may implement it.
/// </summary>
/// <remarks>Implementations are thread-safe: every member may be called at any time from any thread.</remarks>
public interface IBoundedCache
{
    /// <summary>The cache's name in reports, logs and metrics. It never changes.</summary>
    string Name { get; }

    /// <summary>
    /// The limit that was set, in bytes, at least 1. Setting it to less evicts down to it and gives memory back to the
    /// operating system before the setter returns.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is zero or negative; nothing changes.</exception>
    /// <exception cref="ObjectDisposedException">The cache is disposed (set only).</exception>
    long MaxMemory { get; set; }

    /// <summary>The limit that holds now, in bytes: <see cref="MaxMemory"/> or less.</summary>
    long EffectiveMaxMemory { get; }

    /// <summary>Accounted bytes: the sum of what the entries are charged.</summary>
    long UsedMemory { get; }

    /// <summary>The number of entries. It includes those that are expired and not removed yet.</summary>
    int Count { get; }

    /// <summary>
    /// Sets the limit as <see cref="MaxMemory"/> does, without blocking. The new limit holds when this returns its
    /// task.
    /// </summary>
    /// <param name="maxMemory">The new limit in bytes, at least 1.</param>
    /// <param name="releaseMode">
    /// How memory is given back after lowering; null for the cache's own mode. A <see cref="BoundedByteCache"/> has
    /// none, and gives memory back at once whatever is asked for.
    /// </param>
    /// <param name="cancellationToken">
    /// Cancelled before the first step: nothing changes. Cancelled later: the limit stays, everything above it is
    /// evicted, and only the wait for the release ends, or the release does not begin.
    /// </param>
    /// <returns>What was evicted, what the process gave back, and what it cost.</returns>
    /// <exception cref="ArgumentOutOfRangeException">
    /// A limit of zero or less, or an unknown mode; nothing changes.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The cache is disposed.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled (thrown by the task).</exception>
    Task<ShrinkReport> SetMaxMemoryAsync(
        long maxMemory, ReleaseMode? releaseMode = null, CancellationToken cancellationToken = default);

    /// <summary>Returns memory that entries left behind to the operating system. Evicts nothing.</summary>
    /// <param name="releaseMode">
    /// How; null for the cache's own mode, or <see cref="ReleaseMode.Full"/> where that is
    /// <see cref="ReleaseMode.None"/>. A <see cref="BoundedByteCache"/> has none, and gives memory back at once
    /// whatever is asked for.
    /// </param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>What the process gave back, and what it cost.</returns>
    /// <exception cref="ArgumentOutOfRangeException">An unknown mode.</exception>
    /// <exception cref="ObjectDisposedException">The cache is disposed.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled (thrown by the task).</exception>
    Task<ShrinkReport> ReleaseAsync(ReleaseMode? releaseMode = null, CancellationToken cancellationToken = default);

    /// <summary>
    /// Takes a snapshot of what the cache holds and of what happened in it since it was made. Cheap. Also works on a
    /// cache that is disposed.
    /// </summary>
    /// <returns>The cache now.</returns>
    CacheSnapshot GetSnapshot();

    /// <summary>
    /// Removes a share of the entries: expired ones first, then in the order of the policy. Only a
    /// <see cref="BoundedByteCache"/> gives their memory back to the operating system. On a disposed cache it does
    /// nothing.
    /// </summary>
    /// <param name="percentage">
    /// The share of the number of entries to remove, from 0 to 1. A smaller value removes only expired entries, a
    /// larger one removes all.
    /// </param>
    void Compact(double percentage);

    /// <summary>
    /// Removes all entries. Only a <see cref="BoundedByteCache"/> gives their memory back to the operating system.
    /// </summary>
    /// <exception cref="ObjectDisposedException">The cache is disposed.</exception>
    void Clear();
}
