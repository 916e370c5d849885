using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace BoundedCache.AspNetCore.Tests.Support;

/// <summary>What an application logged.</summary>
internal sealed class LogLines : ILoggerProvider
{
    private readonly ConcurrentQueue<LogLine> _lines = new();

    public IReadOnlyList<LogLine> All => [.. _lines];

    /// <summary>What the admin endpoint logged.</summary>
    public IReadOnlyList<LogLine> Admin => [.. _lines.Where(static line => line.Category == "BoundedCache.AspNetCore")];

    public ILogger CreateLogger(string categoryName) => new Category(categoryName, _lines);

    public void Dispose()
    {
    }

    private sealed class Category(string name, ConcurrentQueue<LogLine> lines) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter) =>
            lines.Enqueue(
                new LogLine(name, logLevel, eventId.Id, eventId.Name, formatter(state, exception), exception));
    }
}

/// <summary>One line of a log.</summary>
internal sealed record LogLine(string Category, LogLevel Level, int Id, string? Name, string Text, Exception? Failure);
