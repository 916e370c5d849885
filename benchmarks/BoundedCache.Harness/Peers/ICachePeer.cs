namespace BoundedCache.Harness.Peers;

/// <summary>
/// A cache under measurement, as small as what all of them can do. Thread-safe. Everybody pays the same
/// call through this interface.
/// </summary>
public interface ICachePeer : IDisposable
{
    /// <summary>Entries, at some moment during the call.</summary>
    long Count { get; }

    /// <summary>Looks a value up, which counts as a use where uses count.</summary>
    bool TryGet(object key, out object? value);

    /// <summary>
    /// Stores a value. Whether it is there afterwards is another question: some caches refuse when
    /// full, and do not say so.
    /// </summary>
    /// <param name="key">The key.</param>
    /// <param name="value">The value.</param>
    /// <param name="size">
    /// The size in bytes that is declared to caches that count declared sizes; the others do not look at it.
    /// </param>
    void Set(object key, object value, long size);

    /// <summary>Removes an entry, if there is one.</summary>
    void Remove(object key);
}

/// <summary>A peer whose limit can be lowered, or which can at least be asked to let most entries go.</summary>
public interface IShrinkablePeer : ICachePeer
{
    /// <summary>
    /// Keeps <paramref name="share"/> of what the cache holds, the most recently used where it knows;
    /// returns when that is done.
    /// </summary>
    void ShrinkTo(double share);
}

/// <summary>A peer whose entries can expire by themselves.</summary>
public interface IExpiringPeer : ICachePeer
{
    /// <summary>Stores a value that expires.</summary>
    void Set(object key, object value, long size, TimeSpan lifetime);
}
