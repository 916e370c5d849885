using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace BoundedCache.Tests.Faults;

/// <summary>A logger factory that keeps what is logged, by event; or that fails each time.</summary>
internal sealed class RecordingLoggers(bool failing = false) : ILoggerFactory, ILogger
{
    public ConcurrentQueue<(string? Event, Exception? Failure)> Entries { get; } = [];

    public int Count(string eventName) => Entries.Count(entry => entry.Event == eventName);

    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider)
    {
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        Entries.Enqueue((eventId.Name, exception));
        if (failing)
        {
            throw new IOException("The log is full.");
        }
    }

    public void Dispose()
    {
    }
}
