using Microsoft.Extensions.Logging;

namespace BoundedCache.Diagnostics;

/// <summary>
/// A logger that swallows its own exceptions. The cache logs from timers and pool threads, where an exception ends the
/// process, and in the middle of changes that must be finished.
/// </summary>
internal sealed class ContainedLogger(ILogger inner) : ILogger
{
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel)
    {
        try
        {
            return inner.IsEnabled(logLevel);
        }
#pragma warning disable CA1031 // What the log throws, and nobody is left to tell.
        catch (Exception)
#pragma warning restore CA1031
        {
            return false;
        }
    }

    public void Log<TState>(
        LogLevel logLevel,
        EventId eventId,
        TState state,
        Exception? exception,
        Func<TState, Exception?, string> formatter)
    {
        try
        {
            inner.Log(logLevel, eventId, state, exception, formatter);
        }
#pragma warning disable CA1031 // What the log throws, and nobody is left to tell.
        catch (Exception)
#pragma warning restore CA1031
        {
        }
    }
}
