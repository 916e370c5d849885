namespace BoundedCache.Tool;

/// <summary>Exit codes. README.md lists them.</summary>
internal enum ExitCode
{
    Done = 0,

    /// <summary>The service refused, or what was asked for failed.</summary>
    Refused = 1,

    /// <summary>Wrong arguments.</summary>
    Usage = 2,

    /// <summary>No answer: not reachable, TLS, too late, or no admin API of this version there.</summary>
    NoAnswer = 3,

    /// <summary>The service does not answer to this key.</summary>
    NotAuthorized = 4,

    /// <summary>Nothing was changed: it was not confirmed.</summary>
    NotConfirmed = 5,

    /// <summary>Ctrl+C.</summary>
    Interrupted = 130,
}

/// <summary>What went wrong, as one sentence for the terminal, and the exit code.</summary>
internal sealed class ToolException(ExitCode code, string message) : Exception(message)
{
    public ExitCode Code => code;

    /// <summary>Whether what was asked for may have been done, or may still be done, all the same.</summary>
    public bool MayBeDone { get; init; }
}
