using System.Diagnostics.Tracing;

namespace BoundedCache.Harness;

/// <summary>How long each of the collector's stops was, in milliseconds, from the runtime's own events.</summary>
public sealed class PauseLog : EventListener
{
    private const EventKeywords GCKeyword = (EventKeywords)1;
    private const int SuspensionBegins = 9;
    private const int RestartEnded = 3;

    private readonly Lock _lock = new();
    private readonly List<double> _milliseconds = [];
    private DateTime? _suspended;

    /// <summary>Forgets the pauses so far.</summary>
    public void Clear()
    {
        lock (_lock)
        {
            _milliseconds.Clear();
        }
    }

    /// <summary>
    /// The pauses since the last <see cref="Clear"/>. The runtime delivers its events with some delay.
    /// </summary>
    public double[] Take()
    {
        lock (_lock)
        {
            return [.. _milliseconds];
        }
    }

    protected override void OnEventSourceCreated(EventSource eventSource)
    {
        ArgumentNullException.ThrowIfNull(eventSource);
        if (eventSource.Name == "Microsoft-Windows-DotNETRuntime")
        {
            EnableEvents(eventSource, EventLevel.Informational, GCKeyword);
        }
    }

    protected override void OnEventWritten(EventWrittenEventArgs eventData)
    {
        ArgumentNullException.ThrowIfNull(eventData);
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
