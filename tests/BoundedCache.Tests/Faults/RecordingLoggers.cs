using System.Collections.Concurrent;
using BoundedCache.TestSupport;
using Microsoft.Extensions.Logging;

namespace BoundedCache.Tests.Faults;

/// <summary>A logger factory that keeps what is logged, by event; or that fails each time.</summary>
internal sealed class RecordingLoggers(bool failing = false) : TestLog
{
    public ConcurrentQueue<(string? Event, Exception? Failure)> Entries { get; } = [];

    public int Count(string eventName) => Entries.Count(entry => entry.Event == eventName);

    protected override void Write(LogLevel level, EventId id, string message, Exception? failure)
    {
        Entries.Enqueue((id.Name, failure));
        if (failing)
        {
            throw new IOException("The log is full.");
        }
    }
}
