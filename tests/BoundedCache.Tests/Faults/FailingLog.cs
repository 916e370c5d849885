using System.Collections.Concurrent;
using BoundedCache.TestSupport;
using Microsoft.Extensions.Logging;

namespace BoundedCache.Tests.Faults;

/// <summary>A log that always throws; a fake logger never throws.</summary>
internal sealed class FailingLog : TestLog
{
    private readonly ConcurrentQueue<string?> _events = [];

    /// <summary>How often the cache tried to log an event.</summary>
    public int Count(string eventName) => _events.Count(name => name == eventName);

    protected override void Write(LogLevel level, EventId id, string message, Exception? failure)
    {
        _events.Enqueue(id.Name);
        throw new IOException("The log is full.");
    }
}
