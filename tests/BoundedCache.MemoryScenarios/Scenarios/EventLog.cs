using System.Collections.Concurrent;
using BoundedCache.TestSupport;
using Microsoft.Extensions.Logging;

namespace BoundedCache.MemoryScenarios.Scenarios;

/// <summary>
/// A log that keeps the lines of one event, each as its number, level and text. (A fake logger would load assemblies
/// into the process whose memory is measured.)
/// </summary>
/// <param name="eventName">The event.</param>
internal sealed class EventLog(string eventName) : TestLog
{
    public ConcurrentQueue<string> Lines { get; } = [];

    protected override void Write(LogLevel level, EventId id, string message, Exception? failure)
    {
        if (id.Name == eventName)
        {
            Lines.Enqueue($"{id.Id} {level}: {message}");
        }
    }
}
