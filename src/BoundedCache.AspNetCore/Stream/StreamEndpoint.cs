using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using BoundedCache.AspNetCore.History;
using BoundedCache.AspNetCore.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace BoundedCache.AspNetCore.Stream;

/// <summary>The live stream: the last sample at once, then whatever happens.</summary>
internal sealed class StreamEndpoint(EventHub events, Sampler sampler)
{
    public Results<ServerSentEventsResult<string>, Problem> Open(HttpContext context) => events.IsFull
        ? Problems.Of(StatusCodes.Status503ServiceUnavailable, $"{EventHub.MostReaders} streams are open, which is the most. Close one, or poll the history.", "Too many streams")
        : TypedResults.ServerSentEvents(ReadAsync(context.RequestAborted));

    private async IAsyncEnumerable<SseItem<string>> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (sampler.Last is { } last)
        {
            yield return new SseItem<string>(JsonSerializer.Serialize(last, AdminJsonContext.Default.SampleView), "sample");
        }

        await foreach (SseItem<string> item in events.ReadAsync(cancellationToken))
        {
            yield return item;
        }
    }
}
