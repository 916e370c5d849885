namespace BoundedCache.Comparisons;

/// <summary>How the program ends, as shells and scripts see it.</summary>
internal enum ExitCode
{
    Done = 0,

    /// <summary>Something failed under way: a file, or a child process.</summary>
    Failed = 1,

    /// <summary>The command line asks for what cannot be done.</summary>
    Usage = 2,

    /// <summary>Ended by Ctrl+C or a signal to terminate: 128 and the number of SIGINT.</summary>
    Interrupted = 130,
}
