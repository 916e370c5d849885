using BoundedCache.TestSupport;
using Microsoft.Extensions.Logging;

namespace BoundedCache.Contract.Tests;

/// <summary>What a cache logged.</summary>
public sealed class RecordingLog : TestLog
{
    private readonly List<(LogLevel Level, Exception? Failure)> _entries = [];

    /// <summary>The exceptions that were logged as errors.</summary>
    public Exception[] Errors
    {
        get
        {
            lock (_entries)
            {
                return [.. _entries.Where(static entry => entry is { Level: LogLevel.Error, Failure: not null })
                    .Select(static entry => entry.Failure!)];
            }
        }
    }

    protected override void Write(LogLevel level, EventId id, string message, Exception? failure)
    {
        lock (_entries)
        {
            _entries.Add((level, failure));
        }
    }
}
