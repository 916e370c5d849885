using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace BoundedCache.Tests;

/// <summary>A log that keeps what it is told.</summary>
internal sealed class RecordingLog : ILoggerFactory, ILogger
{
    private readonly ConcurrentQueue<(string? Event, string Message)> _events = new();

    public IEnumerable<string> Messages => _events.Select(static e => e.Message);

    public IEnumerable<string?> Events => _events.Select(static e => e.Event);

    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider)
    {
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        // Whether all caches of all tests together fit the container that the tests run in is no business of any of them.
        if (eventId.Name != "HeapLimit")
        {
            _events.Enqueue((eventId.Name, formatter(state, exception)));
        }
    }

    public void Dispose()
    {
    }
}
