using BoundedCache.Sizing;

namespace BoundedCache.Entries;

/// <summary>
/// One walk over many values, each right after it was measured, while its objects are in the processor's caches. It
/// tells cheaply that values share next to nothing, which is the rule. Not thread-safe.
/// </summary>
internal sealed class JointWalk
{
    /// <summary>Objects that it remembers. Of what comes afterwards it says that all may be shared.</summary>
    private const int MostObjects = 60_000;

    private GraphWalk? _walk;

    /// <summary>Bytes of a value that some value before led to as well, at most.</summary>
    /// <param name="value">A value that was not walked yet.</param>
    /// <param name="cancellationToken">Ends the walk.</param>
    public long CountAgain(SizedValue value, CancellationToken cancellationToken)
    {
        _walk ??= GraphWalkPool.Rent();
        if (_walk.ObjectCount > MostObjects)
        {
            return value.Bytes;
        }

        // A walk that is not cleared remembers what it has seen, and goes on adding up.
        long before = _walk.BytesSoFar;
        return Math.Max(0, value.Bytes - (_walk.MeasureFully(value.Value, cancellationToken) - before));
    }

    /// <summary>Gives the memory back. The next value begins another walk.</summary>
    public void End()
    {
        if (_walk is not null)
        {
            GraphWalkPool.Return(_walk);
            _walk = null;
        }
    }
}
