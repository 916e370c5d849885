using System.Net;
using System.Net.Sockets;
using System.Text;

namespace BoundedCache.Examples.Tests.AdminDashboard;

/// <summary>The example with a collector that the environment names.</summary>
public sealed class OtlpTests
{
    private static readonly TimeSpan s_deadline = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task Metrics_of_both_caches_are_sent_to_the_collector_that_the_environment_names()
    {
        using var collector = new HttpListener();
        string address = Listen(collector);
        using DashboardProcess dashboard = await DashboardProcess.StartAsync(
            new Dictionary<string, string>
            {
                ["OTEL_EXPORTER_OTLP_ENDPOINT"] = address,
                ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
                ["OTEL_METRIC_EXPORT_INTERVAL"] = "500",
            },
            "--lookups",
            "100");

        // The first export may come before both caches are made.
        string[] expected = ["bounded_cache.memory.used", "catalog", "sessions"];
        using var deadline = new CancellationTokenSource(s_deadline);
        string body = "";
        while (!expected.All(name => body.Contains(name, StringComparison.Ordinal)))
        {
            body = await ReceiveAsync(collector).WaitAsync(deadline.Token);
        }
    }

    private static string Listen(HttpListener collector)
    {
        using var port = new TcpListener(IPAddress.Loopback, 0);
        port.Start();
        string address = $"http://127.0.0.1:{((IPEndPoint)port.LocalEndpoint).Port}/";
        port.Stop();
        collector.Prefixes.Add(address);
        collector.Start();
        return address;
    }

    /// <summary>The body of the next export: protobuf, in which names stand as they are.</summary>
    private static async Task<string> ReceiveAsync(HttpListener collector)
    {
        HttpListenerContext context = await collector.GetContextAsync();
        using var body = new MemoryStream();
        await context.Request.InputStream.CopyToAsync(body);
        context.Response.Close();
        Assert.Equal(("POST", "/v1/metrics"), (context.Request.HttpMethod, context.Request.Url!.AbsolutePath));
        return Encoding.Latin1.GetString(body.ToArray());
    }
}
