using System.Net;
using System.Net.Sockets;
using System.Text;

namespace BoundedCache.Tool.Tests;

/// <summary>A service, or what is taken for one, of made-up answers.</summary>
internal sealed class FakeService : IDisposable
{
    private readonly HttpListener _listener = new();
    private readonly Func<string, Task<FakeAnswer>> _answer;

    /// <param name="answer">The answer to a request, such as <c>GET /admin/cache/api/caches</c>.</param>
    public FakeService(Func<string, Task<FakeAnswer>> answer)
    {
        _answer = answer;
        using var port = new TcpListener(IPAddress.Loopback, 0);
        port.Start();
        string root = $"http://127.0.0.1:{((IPEndPoint)port.LocalEndpoint).Port}/";
        port.Stop();
        Url = $"{root}admin/cache/";
        _listener.Prefixes.Add(root);
        _listener.Start();
        _ = ServeAsync();
    }

    /// <inheritdoc cref="FakeService(Func{string, Task{FakeAnswer}})"/>
    public FakeService(Func<string, FakeAnswer> answer)
        : this(request => Task.FromResult(answer(request)))
    {
    }

    /// <summary>The address of its admin page.</summary>
    public string Url { get; }

    /// <summary>What a service answers about its caches.</summary>
    public static string Caches(params string[] caches) =>
        $$"""
        {
          "caches": [{{string.Join(',', caches)}}],
          "process": { "residentBytes": 104857600, "isResidentUnknown": false },
          "service": {
            "instance": "1", "name": "Fake", "version": "1.0", "machine": "here", "processId": 7,
            "started": "2026-01-31T20:34:21Z"
          },
          "room": { "containerBytes": null, "heapLimitBytes": null, "machineBytes": 1073741824 },
          "advice": null
        }
        """;

    /// <summary>One cache of it.</summary>
    public static string Cache(
        string name, string sizing = "measured", long evicted = 0, long shrunk = 0, string says = "") =>
        $$"""
        {
          {{says}} "name": "{{name}}", "sizing": "{{sizing}}", "maxBytes": 2097152, "effectiveMaxBytes": 2097152,
          "usedBytes": 1048576, "count": 1234, "hits": 3, "misses": 1,
          "evictions": {
            "capacity": { "entries": {{evicted}}, "bytes": 0 }, "shrink": { "entries": {{shrunk}}, "bytes": 0 }
          }
        }
        """;

    public void Dispose() => _listener.Close();

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                _ = AnswerAsync(await _listener.GetContextAsync());
            }
        }
        catch (Exception exception) when (exception is HttpListenerException or ObjectDisposedException)
        {
            // The test has ended.
        }
    }

    private async Task AnswerAsync(HttpListenerContext context)
    {
        FakeAnswer answer = await _answer($"{context.Request.HttpMethod} {context.Request.Url!.AbsolutePath}");
        context.Response.StatusCode = (int)answer.Status;
        if (answer.Location is not null)
        {
            context.Response.RedirectLocation = answer.Location;
        }

        context.Response.ContentType = answer.ContentType;
        await context.Response.OutputStream.WriteAsync(Encoding.UTF8.GetBytes(answer.Body));
        context.Response.Close();
    }
}

/// <summary>One answer.</summary>
internal sealed record FakeAnswer(
    string Body,
    HttpStatusCode Status = HttpStatusCode.OK,
    string? Location = null,
    string ContentType = "application/json");
