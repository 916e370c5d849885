using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace BoundedCache.MemoryScenarios.Scenarios;

/// <summary>A log that keeps the lines of one event, each as its number, level and text.</summary>
/// <param name="eventName">The event.</param>
internal sealed class EventLog(string eventName) : ILoggerFactory, ILogger
{
    public ConcurrentQueue<string> Lines { get; } = [];

    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider)
    {
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (eventId.Name == eventName)
        {
            Lines.Enqueue($"{eventId.Id} {logLevel}: {formatter(state, exception)}");
        }
    }

    public void Dispose()
    {
    }
}
