using System.Collections.Concurrent;
using BoundedCache.TestSupport;
using Microsoft.Extensions.Logging;

namespace BoundedCache.Tests.Faults;

/// <summary>A log that throws each time, which a fake logger never does.</summary>
internal sealed class FailingLog : TestLog
{
    private readonly ConcurrentQueue<string?> _events = [];

    /// <summary>How often an event was to be logged.</summary>
    public int Count(string eventName) => _events.Count(name => name == eventName);

    protected override void Write(LogLevel level, EventId id, string message, Exception? failure)
    {
        _events.Enqueue(id.Name);
        throw new IOException("The log is full.");
    }
}
