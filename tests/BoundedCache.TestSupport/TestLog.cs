using Microsoft.Extensions.Logging;

namespace BoundedCache.TestSupport;

/// <summary>
/// A log of all categories and levels that passes each event on. For what <see cref="RecordingLog"/> cannot do, such as
/// failing, or running in a process whose memory is measured.
/// </summary>
public abstract class TestLog : ILoggerFactory, ILogger
{
    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider)
    {
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel,
        EventId eventId,
        TState state,
        Exception? exception,
        Func<TState, Exception?, string> formatter)
    {
        ArgumentNullException.ThrowIfNull(formatter);
        Write(logLevel, eventId, formatter(state, exception), exception);
    }

    public void Dispose() => GC.SuppressFinalize(this);

    /// <summary>Receives one event, on the thread that logs it.</summary>
    protected abstract void Write(LogLevel level, EventId id, string message, Exception? failure);
}
