using BoundedCache.Sizing;

namespace BoundedCache.Entries;

/// <summary>
/// One walk over many values. It tells cheaply that values share next to nothing, which is the rule: a value that adds
/// as many bytes to the walk as it needs alone shares nothing with those before it. Not thread-safe.
/// </summary>
internal sealed class JointWalk
{
    /// <summary>Objects that it remembers. Of what comes afterwards it says nothing.</summary>
    private const int MostObjects = 60_000;

    /// <summary>Elements of large arrays that it looks at, most of which may be empty.</summary>
    private const int MostElements = 4 * MostObjects;

    private GraphWalk? _walk;
    private bool _isFull;

    /// <summary>Bytes of a value to which no value before it led.</summary>
    /// <param name="value">A value that was not walked yet.</param>
    /// <param name="cancellationToken">Ends the walk.</param>
    /// <returns>Null if the walk ended before the value did.</returns>
    public long? CountNew(object value, CancellationToken cancellationToken)
    {
        if (_isFull)
        {
            return null;
        }

        // A walk that is not cleared remembers what it has seen, and goes on adding up.
        _walk ??= GraphWalkPool.Rent();
        long before = _walk.BytesSoFar;
        _isFull = !_walk.TryCount(value, MostObjects, MostElements, cancellationToken);
        return _isFull ? null : _walk.BytesSoFar - before;
    }

    /// <summary>Gives the memory back. The next value begins another walk.</summary>
    public void End()
    {
        _isFull = false;
        if (_walk is not null)
        {
            GraphWalkPool.Return(_walk);
            _walk = null;
        }
    }
}
