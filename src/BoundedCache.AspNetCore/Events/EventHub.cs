using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Threading.Channels;
using BoundedCache.AspNetCore.Caches;
using BoundedCache.AspNetCore.History;
using BoundedCache.AspNetCore.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace BoundedCache.AspNetCore.Events;

/// <summary>
/// Distributes events to readers. It never waits for a reader: a slow one loses the oldest events. Thread-safe.
/// </summary>
internal sealed class EventHub
{
    /// <summary>The maximum number of concurrent readers.</summary>
    public const int MostReaders = 32;

    /// <summary>The maximum number of events that wait for one reader.</summary>
    private const int MostWaiting = 64;

    private readonly Lock _lock = new();
    private readonly List<Channel<SseItem<string>>> _readers = [];
    private bool _ended;

    public bool HasReaders
    {
        get
        {
            lock (_lock)
            {
                return _readers.Count > 0;
            }
        }
    }

    public bool IsFull
    {
        get
        {
            lock (_lock)
            {
                return _readers.Count >= MostReaders;
            }
        }
    }

    /// <summary>Sends an event to all readers.</summary>
    public void Publish<T>(string kind, T data, JsonTypeInfo<T> type)
    {
        lock (_lock)
        {
            if (_readers.Count == 0)
            {
                return;
            }

            var item = new SseItem<string>(JsonSerializer.Serialize(data, type), kind);
            _readers.ForEach(reader => reader.Writer.TryWrite(item));
        }
    }

    /// <summary>Ends all streams. Streams that begin later end at once.</summary>
    public void End()
    {
        lock (_lock)
        {
            _ended = true;
            _readers.ForEach(static reader => reader.Writer.TryComplete());
        }
    }

    /// <summary>
    /// Reads events, from the first step of the enumeration to its end. Ends at once if there are too many readers.
    /// </summary>
    /// <param name="first">
    /// Returns the first events. It is called after the reader is registered, so no event is missed in between.
    /// </param>
    /// <param name="cancellationToken">Ends the stream.</param>
    public async IAsyncEnumerable<SseItem<string>> ReadAsync(
        Func<IEnumerable<SseItem<string>>> first, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var channel = Channel.CreateBounded<SseItem<string>>(new BoundedChannelOptions(MostWaiting)
        {
            FullMode = BoundedChannelFullMode.DropOldest,
            SingleReader = true,
        });
        lock (_lock)
        {
            if (_ended || _readers.Count >= MostReaders)
            {
                yield break;
            }

            _readers.Add(channel);
        }

        try
        {
            foreach (SseItem<string> item in first())
            {
                yield return item;
            }

            await foreach (SseItem<string> next in channel.Reader.ReadAllAsync(cancellationToken))
            {
                yield return next;
            }
        }
        finally
        {
            lock (_lock)
            {
                _readers.Remove(channel);
            }
        }
    }
}

/// <summary>The live stream: the service and the last sample at once, then each event.</summary>
internal sealed class StreamEndpoint(EventHub events, Sampler sampler, ServiceView service)
{
    public Results<ServerSentEventsResult<string>, Problem> Open(HttpContext context)
    {
        if (events.IsFull)
        {
            return Problems.Create(
                StatusCodes.Status503ServiceUnavailable,
                $"{EventHub.MostReaders} streams are open, which is the most. Close one, or poll the history.",
                "Too many streams");
        }

        // nginx, and proxies that follow it, would otherwise keep events back until a buffer is full.
        context.Response.Headers["X-Accel-Buffering"] = "no";
        return TypedResults.ServerSentEvents(events.ReadAsync(First, context.RequestAborted));
    }

    private IEnumerable<SseItem<string>> First()
    {
        yield return new SseItem<string>(
            JsonSerializer.Serialize(service, AdminJsonContext.Readable.ServiceView), "service");
        if (sampler.Last is { } last)
        {
            yield return new SseItem<string>(
                JsonSerializer.Serialize(last, AdminJsonContext.Readable.SampleView), "sample");
        }
    }
}
