using System.Collections.Concurrent;
using BoundedCache.TestSupport;
using Microsoft.Extensions.Logging;

namespace BoundedCache.Tests;

/// <summary>A log that keeps what it is told.</summary>
internal sealed class RecordingLog : TestLog
{
    private readonly ConcurrentQueue<(string? Event, string Message)> _events = new();

    public IEnumerable<string> Messages => _events.Select(static e => e.Message);

    public IEnumerable<string?> Events => _events.Select(static e => e.Event);

    protected override void Write(LogLevel level, EventId id, string message, Exception? failure)
    {
        // Whether all caches of all tests together fit the container that the tests run in is no
        // business of any of them.
        if (id.Name != "HeapLimit")
        {
            _events.Enqueue((id.Name, message));
        }
    }
}
