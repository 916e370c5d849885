namespace BoundedCache.LoadRuns;

/// <summary>How the program ends, as shells and scripts see it.</summary>
internal enum ExitCode
{
    /// <summary>The run came to its end and its results are written, whatever they are.</summary>
    Done = 0,

    /// <summary>Something failed under way: a file, or a process that the run started.</summary>
    Failed = 1,

    /// <summary>The command line asks for what cannot be done.</summary>
    Usage = 2,

    /// <summary>Ended by Ctrl+C or a signal to terminate: 128 and the number of SIGINT.</summary>
    Interrupted = 130,
}
