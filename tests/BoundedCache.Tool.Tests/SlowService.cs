using System.Net;
using System.Net.Sockets;
using System.Text;

namespace BoundedCache.Tool.Tests;

/// <summary>
/// A service that previews a change of a limit, starts it, and says "running" until it is told to end it, or says
/// nothing at all.
/// </summary>
internal sealed class SlowService : IDisposable
{
    private readonly HttpListener _listener = new();
    private readonly TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly bool _answers;
    private volatile bool _isDone;
    private int _polls;

    /// <param name="answers">Whether a change is answered.</param>
    public SlowService(bool answers)
    {
        _answers = answers;
        using var port = new TcpListener(IPAddress.Loopback, 0);
        port.Start();
        Url = $"http://127.0.0.1:{((IPEndPoint)port.LocalEndpoint).Port}/admin/cache/";
        port.Stop();
        _listener.Prefixes.Add(Url);
        _listener.Start();
        _ = ServeAsync();
    }

    public string Url { get; }

    /// <summary>Ends when a change has been asked for.</summary>
    public Task Asked => _asked.Task;

    /// <summary>How often it was asked whether the change has ended.</summary>
    public int Polls => Volatile.Read(ref _polls);

    public void End() => _isDone = true;

    public void Dispose() => _listener.Close();

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                HttpListenerContext context = await _listener.GetContextAsync();
                string path = context.Request.Url!.AbsolutePath;
                if (path.EndsWith("/preview", StringComparison.Ordinal))
                {
                    await AnswerAsync(
                        context,
                        """
                        {
                          "cacheName": "catalog", "sizing": "measured", "oldMaxBytes": 2097152, "newMaxBytes": 1048576,
                          "entriesToEvict": 0
                        }
                        """);
                }
                else if (path.Contains("/operations/", StringComparison.Ordinal))
                {
                    Interlocked.Increment(ref _polls);
                    await AnswerAsync(context, _isDone
                        ? """{"id":"1","state":"completed","report":{"summary":"catalog: done","advice":[]}}"""
                        : """{"id":"1","state":"running"}""");
                }
                else
                {
                    _asked.TrySetResult();
                    if (_answers)
                    {
                        await AnswerAsync(context, """{"id":"1","state":"running"}""");
                    }
                }
            }
        }
        catch (Exception exception) when (exception is HttpListenerException or ObjectDisposedException)
        {
            // The test has ended.
        }
    }

    private static async Task AnswerAsync(HttpListenerContext context, string json)
    {
        context.Response.ContentType = "application/json";
        await context.Response.OutputStream.WriteAsync(Encoding.UTF8.GetBytes(json));
        context.Response.Close();
    }
}
