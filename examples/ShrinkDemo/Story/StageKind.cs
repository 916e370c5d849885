namespace BoundedCache.ShrinkDemo.Story;

/// <summary>What a stage of the story does.</summary>
internal enum StageKind
{
    /// <summary>Nothing: what an empty process needs.</summary>
    Start = 0,

    /// <summary>The workload runs through the limit.</summary>
    Fill = 1,

    /// <summary>The limit is lowered and entries go, but nothing is done to make memory leave the process.</summary>
    Lower = 2,

    /// <summary>Memory is released.</summary>
    Release = 3,

    /// <summary>The limit is lowered and memory released in one step.</summary>
    Shrink = 4,

    /// <summary>The limit is what it was at first, and entries are written and read.</summary>
    Reuse = 5,
}
