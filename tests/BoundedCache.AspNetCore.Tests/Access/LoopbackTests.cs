using System.Net;
using BoundedCache.AspNetCore.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.Extensions.DependencyInjection;

namespace BoundedCache.AspNetCore.Tests.Access;

/// <summary>The opt-in for direct loopback connections, judged by the connection.</summary>
public sealed class LoopbackTests
{
    [Theory]
    [InlineData("127.0.0.1", "127.0.0.1", true)]
    [InlineData("127.8.9.10", "127.0.0.1", true)]
    [InlineData("::1", "::1", true)]
    [InlineData("::ffff:127.0.0.1", "::ffff:127.0.0.1", true)]
    [InlineData("::ffff:127.0.0.2", "::ffff:127.0.0.2", true)]
    [InlineData("192.0.2.7", "127.0.0.1", false)]
    [InlineData("127.0.0.1", "192.0.2.1", false)]
    [InlineData("192.0.2.1", "192.0.2.1", false)]
    [InlineData("::ffff:192.0.2.7", "::1", false)]
    [InlineData("0.0.0.0", "127.0.0.1", false)]
    [InlineData(null, "127.0.0.1", false)]
    [InlineData("127.0.0.1", null, false)]
    [InlineData(null, null, false)]
    public async Task Both_ends_of_the_connection_must_be_loopback(string? remote, string? local, bool isAnswered)
    {
        await using AdminHost host = await AdminHost.StartAsync();
        host.RemoteAddress = remote is null ? null : IPAddress.Parse(remote);
        host.LocalAddress = local is null ? null : IPAddress.Parse(local);

        await AssertAsync(host, isAnswered);
    }

    [Theory]
    [InlineData("X-Forwarded-For: 127.0.0.1")]
    [InlineData("x-forwarded-host: localhost")]
    [InlineData("X-Forwarded-Proto: http")]
    [InlineData("X-Forwarded-Prefix: /a")]
    [InlineData("X-Forwarded-Anything: a")]
    [InlineData("X-Original-For: 127.0.0.1:80")]
    [InlineData("X-Original-Host: a")]
    [InlineData("Forwarded: for=127.0.0.1")]
    [InlineData("Via: 1.1 proxy")]
    [InlineData("X-Real-IP: 127.0.0.1")]
    [InlineData("X-Client-IP: 127.0.0.1")]
    [InlineData("X-Cluster-Client-IP: 127.0.0.1")]
    [InlineData("True-Client-IP: 127.0.0.1")]
    [InlineData("CF-Connecting-IP: 127.0.0.1")]
    [InlineData("X-Envoy-External-Address: 127.0.0.1")]
    [InlineData("X-ProxyUser-Ip: 127.0.0.1")]
    [InlineData("X-ARR-LOG-ID: 1")]
    [InlineData("Max-Forwards: 5")]
    [InlineData("X-Our-Client: 127.0.0.1")]
    public async Task Whatever_carries_the_headers_of_a_proxy_is_refused(string header)
    {
        await using AdminHost host = await AdminHost.StartAsync(services: static services =>
            services.Configure<ForwardedHeadersOptions>(
                static forwarded => forwarded.ForwardedForHeaderName = "X-Our-Client"));

        await AssertAsync(host, isAnswered: false, header);
        await AssertAsync(host, isAnswered: true, "Accept: */*");
    }

    [Fact]
    public async Task An_address_that_the_forwarded_headers_middleware_believed_is_not_believed()
    {
        await using AdminHost host = await AdminHost.StartAsync(before: static app => app.UseForwardedHeaders(
            new ForwardedHeadersOptions
            {
                ForwardedHeaders = ForwardedHeaders.All,
                KnownProxies = { IPAddress.Parse("192.0.2.7") },
            }));
        host.RemoteAddress = IPAddress.Parse("192.0.2.7");

        // The middleware has made the connection's own address 127.0.0.1 and moved its header away
        // when the endpoint looks.
        Answer answer = await host.GetAsync("api/caches", "X-Forwarded-For: 127.0.0.1");
        answer.AssertProblem(HttpStatusCode.Forbidden, "X-Original-");
    }

    [Theory]
    [InlineData("localhost", true)]
    [InlineData("LOCALHOST:5000", true)]
    [InlineData("127.0.0.1:5000", true)]
    [InlineData("127.1.2.3", true)]
    [InlineData("[::1]:5000", true)]
    [InlineData("evil.example", false)]
    [InlineData("localhost.evil.example", false)]
    [InlineData("evil.localhost", false)]
    [InlineData("localhost.", false)]
    [InlineData("192.0.2.1", false)]
    [InlineData("[2001:db8::1]", false)]
    [InlineData("0.0.0.0", false)]
    public async Task A_name_that_another_site_made_mean_this_machine_is_refused(string name, bool isAnswered)
    {
        await using AdminHost host = await AdminHost.StartAsync();

        await AssertAsync(host, isAnswered, $"Host: {name}");
    }

    private static async Task AssertAsync(AdminHost host, bool isAnswered, params string[] headers)
    {
        Answer read = await host.GetAsync("api/caches", headers);
        Answer change = await host.PutAsync("api/caches/default/limit", """{"maxMemory": 1000}""", headers);
        if (isAnswered)
        {
            read.AssertOk();
            change.AssertOk();
        }
        else
        {
            read.AssertProblem(
                HttpStatusCode.Forbidden, "Only direct connections from this machine", "RequireAuthorization");
            change.AssertProblem(HttpStatusCode.Forbidden);
            (await host.GetAsync("", headers)).AssertProblem(HttpStatusCode.Forbidden);
            Assert.Equal(1 << 20, host.Default.MaxMemory);
        }
    }
}
