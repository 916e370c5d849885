namespace BoundedCache.ExplainRss;

/// <summary>The program's exit codes, for shells and scripts.</summary>
internal enum ExitCode
{
    /// <summary>The cause was built and explained.</summary>
    Done = 0,

    /// <summary>Something failed during the run.</summary>
    Failed = 1,

    /// <summary>The command line asks for something that cannot be done.</summary>
    Usage = 2,
}
