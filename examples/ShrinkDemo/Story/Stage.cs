namespace BoundedCache.ShrinkDemo.Story;

/// <summary>One stage of the story.</summary>
/// <param name="Number">The stage's number, from 1.</param>
/// <param name="Kind">What it does.</param>
/// <param name="LimitBytes">The limit in force at its end.</param>
internal sealed record Stage(int Number, StageKind Kind, long LimitBytes);
