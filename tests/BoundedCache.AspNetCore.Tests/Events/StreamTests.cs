using System.Net;
using System.Net.ServerSentEvents;
using System.Text.Json.Nodes;
using BoundedCache.AspNetCore.Tests.Support;
using BoundedCache.TestSupport;

namespace BoundedCache.AspNetCore.Tests.Events;

/// <summary>The live stream, on a real server.</summary>
public sealed class StreamTests
{
    [Fact]
    public async Task Tells_samples_shrinks_and_operations_as_they_happen()
    {
        await using KestrelHost host = await KestrelHost.StartAsync();
        await using var stream = await Watcher.OpenAsync(host);
        Assert.Equal("text/event-stream", stream.Response.Content.Headers.ContentType?.MediaType);
        Assert.Equal("no", Assert.Single(stream.Response.Headers.GetValues("X-Accel-Buffering")));
        JsonNode service = await stream.NextAsync("service");
        Assert.Equal(
            Assert.Single(stream.Response.Headers.GetValues("BoundedCache-Instance")),
            service["instance"]!.GetValue<string>());
        JsonNode sample = await stream.NextAsync("sample");
        Assert.Equal("default", sample["caches"]![0]!["name"]!.GetValue<string>());
        await stream.NextAsync("sample");

        (await host.SendAsync(HttpMethod.Put, "api/caches/default/limit", """{"maxMemory": 4000}""")).AssertOk();

        JsonNode shrink = await stream.NextAsync("shrink");
        Assert.Equal(4000, shrink["newMaxBytes"]!.GetValue<long>());
        JsonNode operation = await stream.NextAsync(
            "operation", static each => each["state"]!.GetValue<string>() == "completed");
        Assert.Equal(4000, operation["report"]!["newMaxBytes"]!.GetValue<long>());
    }

    [Fact]
    public async Task Ends_when_the_host_stops_and_does_not_hold_it_up()
    {
        await using KestrelHost host = await KestrelHost.StartAsync();
        await using var stream = await Watcher.OpenAsync(host);
        await stream.NextAsync("sample");

        // Kestrel waits 30 seconds for requests under way, then aborts them; an aborted stream throws at its
        // reader, an ended one does not.
        Task stop = host.App.StopAsync();
        await stream.ReadToEndAsync();
        await stop;
    }

    [Fact]
    public async Task Only_so_many_may_watch_and_who_leaves_makes_room()
    {
        await using KestrelHost host = await KestrelHost.StartAsync();
        List<Watcher> watchers = [];
        for (int i = 0; i < 32; i++)
        {
            watchers.Add(await Watcher.OpenAsync(host));
            await watchers[i].NextAsync("sample");
        }

        (await host.SendAsync(HttpMethod.Get, "api/stream"))
            .AssertProblem(HttpStatusCode.ServiceUnavailable, "32 streams");

        await watchers[0].DisposeAsync();
        watchers.RemoveAt(0);

        // The server learns of it in its own time, and the client drains what it leaves for two seconds. Who is refused
        // meanwhile lets go of its connection.
        using var hung = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (true)
        {
            Watcher next = await Watcher.OpenAsync(host);
            if (next.Response.StatusCode == HttpStatusCode.OK)
            {
                watchers.Add(next);
                break;
            }

            await next.DisposeAsync();
            Assert.False(hung.IsCancellationRequested, "Who left has made no room in a minute.");
            await Task.Delay(50, CancellationToken.None);
        }

        foreach (Watcher watcher in watchers)
        {
            await watcher.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_watcher_that_reads_nothing_holds_up_nobody_and_keeps_no_more_than_some_events()
    {
        var events = new BoundedCache.AspNetCore.Events.EventHub();
        await using IAsyncEnumerator<SseItem<string>> slow = events.ReadAsync(static () => [], default)
            .GetAsyncEnumerator();
        ValueTask<bool> first = slow.MoveNextAsync();
        for (int i = 0; i < 1000; i++)
        {
            events.Publish("sample", Sample(i), Json.AdminJsonContext.Readable.SampleView);
        }

        Assert.True(await first);
        events.End();
        List<string> seen = [slow.Current.Data];
        while (await slow.MoveNextAsync())
        {
            seen.Add(slow.Current.Data);
        }

        Assert.InRange(seen.Count, 2, 66);
        Assert.Contains("\"residentBytes\":999,", seen[^1], StringComparison.Ordinal);
        Assert.False(events.HasReaders);
    }

    private static BoundedCache.AspNetCore.History.SampleView Sample(long resident) =>
        new(new ManualTimeProvider().GetUtcNow(), resident, 0, 0, []);

    /// <summary>Somebody who watches.</summary>
    private sealed class Watcher(HttpResponseMessage response, Stream body) : IAsyncDisposable
    {
        private readonly IAsyncEnumerator<SseItem<string>> _items = SseParser.Create(body)
            .EnumerateAsync()
            .GetAsyncEnumerator();

        public HttpResponseMessage Response => response;

        public static async Task<Watcher> OpenAsync(KestrelHost host)
        {
            HttpResponseMessage response = await host.Client.GetAsync(
                new Uri("api/stream", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead);
            return new Watcher(response, await response.Content.ReadAsStreamAsync());
        }

        public async Task<JsonNode> NextAsync(string kind, Predicate<JsonNode>? condition = null)
        {
            while (await _items.MoveNextAsync())
            {
                JsonNode data = JsonNode.Parse(_items.Current.Data)!;
                if (_items.Current.EventType == kind && condition?.Invoke(data) != false)
                {
                    return data;
                }
            }

            throw new InvalidOperationException($"The stream ended before there was a {kind}.");
        }

        public async Task ReadToEndAsync()
        {
            while (await _items.MoveNextAsync())
            {
            }
        }

        public async ValueTask DisposeAsync()
        {
            response.Dispose();
            await body.DisposeAsync();
        }
    }
}
