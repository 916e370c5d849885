using System.Diagnostics.Tracing;

namespace BoundedCache.Figures;

/// <summary>How long each of the collector's stops was, in milliseconds, from the runtime's own events.</summary>
internal sealed class PauseLog : EventListener
{
    private const EventKeywords GCKeyword = (EventKeywords)1;
    private const int SuspensionBegins = 9;
    private const int RestartEnded = 3;

    private readonly Lock _lock = new();
    private readonly List<double> _milliseconds = [];
    private DateTime? _suspended;

    public void Clear()
    {
        lock (_lock)
        {
            _milliseconds.Clear();
        }
    }

    public double[] Take()
    {
        lock (_lock)
        {
            return [.. _milliseconds];
        }
    }

    protected override void OnEventSourceCreated(EventSource eventSource)
    {
        if (eventSource.Name == "Microsoft-Windows-DotNETRuntime")
        {
            EnableEvents(eventSource, EventLevel.Informational, GCKeyword);
        }
    }

    protected override void OnEventWritten(EventWrittenEventArgs eventData)
    {
        if (eventData.EventId == SuspensionBegins)
        {
            _suspended = eventData.TimeStamp;
        }
        else if (eventData.EventId == RestartEnded && _suspended is DateTime began)
        {
            _suspended = null;
            lock (_lock)
            {
                _milliseconds.Add((eventData.TimeStamp - began).TotalMilliseconds);
            }
        }
    }
}
