using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using BoundedCache.AspNetCore.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;

namespace BoundedCache.AspNetCore.Tests.Access;

/// <summary>The loopback opt-in on a real server's real connections.</summary>
public sealed class ConnectionTests
{
    [Theory]
    [InlineData("Host: localhost\r\n", "200 OK")]
    [InlineData("Host: localhost\r\nX-Forwarded-For:\r\n", "403 Forbidden")]
    [InlineData("Host: localhost\r\nSec-Fetch-Site:\r\n", "403 Forbidden")]
    [InlineData("Host: localhost\r\nOrigin:\r\n", "403 Forbidden")]
    [InlineData("Host: evil.example\r\n", "403 Forbidden")]
    [InlineData("Host:\r\n", "403 Forbidden")]
    public async Task Is_judged_by_what_was_sent(string headers, string status)
    {
        await using KestrelHost host = await KestrelHost.StartAsync();

        string answer = await host.SendRawAsync(
            $"GET /admin/cache/api/caches HTTP/1.1\r\n{headers}Connection: close\r\n\r\n");

        Assert.StartsWith($"HTTP/1.1 {status}", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_request_without_a_host_is_refused()
    {
        await using KestrelHost host = await KestrelHost.StartAsync();

        string answer = await host.SendRawAsync("GET /admin/cache/api/caches HTTP/1.0\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 403", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task From_this_machine_but_to_an_address_that_others_can_reach_is_refused()
    {
        // Without an address of its own, a machine cannot be reached by others either.
        IPAddress? own = NetworkInterface.GetAllNetworkInterfaces()
            .SelectMany(static each => each.GetIPProperties().UnicastAddresses)
            .Select(static each => each.Address)
            .FirstOrDefault(static address =>
                address.AddressFamily == AddressFamily.InterNetwork && !IPAddress.IsLoopback(address));
        if (own is null)
        {
            return;
        }

        await using KestrelHost host = await KestrelHost.StartAsync(server: kestrel => kestrel.Listen(own, 0));
        using var request = new HttpRequestMessage(HttpMethod.Get, $"http://{own}:{host.Port}/admin/cache/api/caches");
        request.Headers.Host = "localhost";

        using HttpResponseMessage response = await host.Client.SendAsync(request);

        (await Answer.OfAsync(response)).AssertProblem(HttpStatusCode.Forbidden, "another address");
    }

    [Fact]
    public async Task A_socket_in_the_file_system_has_no_address_and_is_refused()
    {
        string path = Path.Combine(Path.GetTempPath(), $"boundedcache-{Guid.NewGuid():N}.sock");
        await using KestrelHost host = await KestrelHost.StartAsync(server: kestrel => kestrel.ListenUnixSocket(path));
        using var handler = new SocketsHttpHandler
        {
            ConnectCallback = async (_, cancellationToken) =>
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellationToken);
                return new NetworkStream(socket, ownsSocket: true);
            },
        };
        using var client = new HttpClient(handler);

        using HttpResponseMessage response = await client.GetAsync(new Uri("http://localhost/admin/cache/api/caches"));

        (await Answer.OfAsync(response)).AssertProblem(HttpStatusCode.Forbidden, "no address");
    }

    [Theory]
    [InlineData("X-Forwarded-For", HttpStatusCode.Forbidden)]
    [InlineData("Via", HttpStatusCode.Forbidden)]
    [InlineData(null, HttpStatusCode.OK)]
    public async Task Through_a_proxy_on_this_machine_only_its_headers_tell(string? header, HttpStatusCode expected)
    {
        await using KestrelHost host = await KestrelHost.StartAsync();
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(static kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        await using WebApplication proxy = builder.Build();
        proxy.Run(async context =>
        {
            using var onward = new HttpRequestMessage(
                HttpMethod.Get, context.Request.Path.ToString()["/admin/cache/".Length..]);
            if (header is not null)
            {
                onward.Headers.TryAddWithoutValidation(header, "192.0.2.7");
            }

            using HttpResponseMessage response = await host.Client.SendAsync(onward);
            context.Response.StatusCode = (int)response.StatusCode;
        });
        await proxy.StartAsync();
        using var client = new HttpClient();

        using HttpResponseMessage answer = await client.GetAsync(
            new Uri($"{proxy.Urls.First()}/admin/cache/api/caches"));

        // The last row is what ADMIN.md warns of: a proxy that adds nothing cannot be told from a
        // program on this machine.
        Assert.Equal(expected, answer.StatusCode);
    }

    [Fact]
    public async Task A_body_that_the_server_itself_refuses_is_a_problem_too()
    {
        await using KestrelHost host = await KestrelHost.StartAsync(server: static kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0);
            kestrel.Limits.MaxRequestBodySize = 10;
        });

        (await host.SendAsync(HttpMethod.Put, "api/caches/default/limit", """{"maxMemory": "512MB"}"""))
            .AssertProblem(HttpStatusCode.RequestEntityTooLarge, "could not be read");

        string broken = await host.SendRawAsync(
            "PUT /admin/cache/api/caches/default/limit HTTP/1.1\r\nHost: localhost\r\n"
                + "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n");
        Assert.StartsWith("HTTP/1.1 400", broken, StringComparison.Ordinal);
        Assert.Contains("application/problem+json", broken, StringComparison.Ordinal);
        Assert.Equal(1 << 20, host.Default.MaxMemory);
    }
}
