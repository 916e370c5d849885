namespace BoundedCache.Harness.Traces;

/// <summary>A trace that cannot be read, said in one line with the file and, where there is one, the line.</summary>
public sealed class TraceException(string message, Exception? innerException = null)
    : Exception(message, innerException);
