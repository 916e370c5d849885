namespace BoundedCache.ShrinkDemo;

/// <summary>The program's exit codes, for shells and scripts.</summary>
internal enum ExitCode
{
    /// <summary>The story ran to its end, whatever its verdict.</summary>
    Done = 0,

    /// <summary>
    /// Something failed during the run: a file, a child process, or a cache that returned what was not stored.
    /// </summary>
    Failed = 1,

    /// <summary>The command line asks for something that cannot be done.</summary>
    Usage = 2,

    /// <summary>Ended by Ctrl+C or a termination signal: 128 plus the number of SIGINT.</summary>
    Interrupted = 130,
}
