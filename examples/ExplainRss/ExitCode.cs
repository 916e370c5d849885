namespace BoundedCache.ExplainRss;

/// <summary>How the program ends, as shells and scripts see it.</summary>
internal enum ExitCode
{
    /// <summary>The cause was built and explained.</summary>
    Done = 0,

    /// <summary>Something failed under way.</summary>
    Failed = 1,

    /// <summary>The command line asks for what cannot be done.</summary>
    Usage = 2,
}
