namespace BoundedCache.ShrinkDemo.Story;

/// <summary>What a stage of the story does.</summary>
internal enum StageKind
{
    /// <summary>Nothing is done: shows the memory of an empty process.</summary>
    Start = 0,

    /// <summary>The workload fills the cache beyond its limit.</summary>
    Fill = 1,

    /// <summary>The limit is lowered and entries are evicted, but memory is not released.</summary>
    Lower = 2,

    /// <summary>Memory is released.</summary>
    Release = 3,

    /// <summary>The limit is lowered and memory released in one step.</summary>
    Shrink = 4,

    /// <summary>The limit is raised to its first value, and entries are written and read.</summary>
    Reuse = 5,
}
