using System.Net.ServerSentEvents;
using System.Text.Json;
using BoundedCache.AspNetCore.History;
using BoundedCache.AspNetCore.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace BoundedCache.AspNetCore.Events;

/// <summary>The live stream: the last sample at once, then whatever happens.</summary>
internal sealed class StreamEndpoint(EventHub events, Sampler sampler)
{
    public Results<ServerSentEventsResult<string>, Problem> Open(HttpContext context) => events.IsFull
        ? Problems.Create(
            StatusCodes.Status503ServiceUnavailable,
            $"{EventHub.MostReaders} streams are open, which is the most. Close one, or poll the history.",
            "Too many streams")
        : TypedResults.ServerSentEvents(events.ReadAsync(LastSample, context.RequestAborted));

    private SseItem<string>? LastSample() =>
        sampler.Last is { } last
            ? new SseItem<string>(JsonSerializer.Serialize(last, AdminJsonContext.Default.SampleView), "sample")
            : null;
}
