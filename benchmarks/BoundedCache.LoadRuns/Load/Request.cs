namespace BoundedCache.LoadRuns.Load;

/// <summary>One request of the load.</summary>
/// <param name="At">When it was due, which is what its time counts from, whenever it could really be sent.</param>
/// <param name="Took">Until its answer was there, whole.</param>
/// <param name="Failure">What went wrong; null for nothing.</param>
internal readonly record struct Request(TimeSpan At, TimeSpan Took, string? Failure)
{
    public TimeSpan DoneAt => At + Took;
}
