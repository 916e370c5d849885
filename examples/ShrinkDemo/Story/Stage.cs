namespace BoundedCache.ShrinkDemo.Story;

/// <summary>One stage of the story.</summary>
/// <param name="Number">From 1.</param>
/// <param name="Kind">What it does.</param>
/// <param name="LimitBytes">The limit that is in force when it is over.</param>
internal sealed record Stage(int Number, StageKind Kind, long LimitBytes);
