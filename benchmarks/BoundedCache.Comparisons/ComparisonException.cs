namespace BoundedCache.Comparisons;

/// <summary>An end of the run that the user must hear about in one line, and that is nobody's bug.</summary>
internal sealed class ComparisonException(ExitCode exitCode, string message, Exception? innerException = null)
    : Exception(message, innerException)
{
    public ExitCode ExitCode { get; } = exitCode;
}
