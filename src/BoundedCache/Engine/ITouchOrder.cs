namespace BoundedCache.Engine;

/// <summary>The order of use that touches are applied to.</summary>
internal interface ITouchOrder
{
    /// <summary>
    /// Makes these entries the most recently used, the last one most. Slots that hold no entry any more are skipped.
    /// Under the lock.
    /// </summary>
    void Touch(ReadOnlySpan<int> indexes);
}
