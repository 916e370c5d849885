namespace BoundedCache.ExplainRss;

/// <summary>Ends the run with one line for the user; it is not a bug.</summary>
internal sealed class ExplainException(ExitCode exitCode, string message, Exception? innerException = null)
    : Exception(message, innerException)
{
    public ExitCode ExitCode { get; } = exitCode;
}
