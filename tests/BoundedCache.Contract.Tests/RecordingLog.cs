using Microsoft.Extensions.Logging;

namespace BoundedCache.Contract.Tests;

/// <summary>What a cache logged.</summary>
public sealed class RecordingLog : ILoggerFactory, ILogger
{
    private readonly List<(LogLevel Level, Exception? Failure)> _entries = [];

    /// <summary>The exceptions that were logged as errors.</summary>
    public Exception[] Errors
    {
        get
        {
            lock (_entries)
            {
                return [.. _entries.Where(static entry => entry is { Level: LogLevel.Error, Failure: not null }).Select(static entry => entry.Failure!)];
            }
        }
    }

    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

    public bool IsEnabled(LogLevel logLevel) => true;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        lock (_entries)
        {
            _entries.Add((logLevel, exception));
        }
    }

    public void Dispose()
    {
    }
}
