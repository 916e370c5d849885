namespace BoundedCache.ShrinkDemo;

/// <summary>How the program ends, as shells and scripts see it.</summary>
internal enum ExitCode
{
    /// <summary>The story was told to its end, whatever its verdict.</summary>
    Done = 0,

    /// <summary>
    /// Something failed under way: a file, a child process, or a cache that returned what was not stored.
    /// </summary>
    Failed = 1,

    /// <summary>The command line asks for what cannot be done.</summary>
    Usage = 2,

    /// <summary>Ended by Ctrl+C or a signal to terminate: 128 and the number of SIGINT.</summary>
    Interrupted = 130,
}
