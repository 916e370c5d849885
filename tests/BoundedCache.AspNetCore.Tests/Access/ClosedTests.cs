using System.Net;
using BoundedCache.AspNetCore.Tests.Support;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace BoundedCache.AspNetCore.Tests.Access;

/// <summary>P9, closed: nobody is answered whom the endpoint was not told to trust.</summary>
public sealed class ClosedTests
{
    [Fact]
    public async Task Every_address_and_method_is_answered_403_and_how_to_set_it_up()
    {
        await using AdminHost host = await AdminHost.StartAsync(options: static _ => { });
        IReadOnlyList<(HttpMethod Method, string Path)> requests = EveryRequest.From(host);
        Assert.True(requests.Count >= 7 * 14, $"{requests.Count} requests");

        foreach ((HttpMethod method, string path) in requests)
        {
            foreach (string? body in new[] { null, "{}", """{"maxMemory": 1, "share": 1}""" })
            {
                Answer answer = await host.SendAsync(method, path, body);
                if (method == HttpMethod.Head)
                {
                    Assert.Equal(HttpStatusCode.Forbidden, answer.Status);
                }
                else
                {
                    answer.AssertProblem(
                        HttpStatusCode.Forbidden, "RequireAuthorization", "AllowLoopback", "ReadPolicy");
                }
            }
        }

        Assert.Equal(1 << 20, host.Default.MaxMemory);
    }

    [Fact]
    public async Task A_fallback_policy_says_who_may_use_the_application_and_does_not_open_it()
    {
        await using AdminHost host = await AdminHost.StartAsync(
            options: static _ => { },
            services: static services =>
            {
                TestUsers.Add(services);
                services.AddAuthorizationBuilder()
                    .SetFallbackPolicy(new AuthorizationPolicyBuilder().RequireAuthenticatedUser().Build());
            });

        Assert.Equal(HttpStatusCode.Unauthorized, (await host.GetAsync("api/caches")).Status);
        (await host.GetAsync("api/caches", TestUsers.Operator))
            .AssertProblem(HttpStatusCode.Forbidden, "nothing says whom it may answer");
    }

    [Fact]
    public async Task AllowAnonymous_does_not_open_it()
    {
        await using AdminHost host = await AdminHost.StartAsync(
            options: static _ => { },
            services: TestUsers.Add,
            map: static (app, options) =>
                app.MapGroup("").AllowAnonymous().MapBoundedCacheAdmin("/admin/cache", options).AllowAnonymous());

        (await host.GetAsync("api/caches")).AssertProblem(HttpStatusCode.Forbidden, "nothing says whom it may answer");
        (await host.GetAsync("api/caches", TestUsers.Operator))
            .AssertProblem(HttpStatusCode.Forbidden, "nothing says whom it may answer");
    }

    [Fact]
    public async Task AllowAnonymous_does_not_take_back_what_authorization_demands()
    {
        await using AdminHost host = await AdminHost.StartAsync(
            options: static _ => { },
            services: TestUsers.Add,
            map: static (app, options) => app.MapGroup("")
                .AllowAnonymous()
                .MapBoundedCacheAdmin("/admin/cache", options)
                .RequireAuthorization("change"));

        (await host.GetAsync("api/caches")).AssertProblem(HttpStatusCode.Forbidden, "not authorized");
        (await host.GetAsync("api/caches", TestUsers.Reader)).AssertProblem(HttpStatusCode.Forbidden, "not authorized");
    }

    /// <summary>
    /// The framework throws for this; but that can be turned off, and is not done for a policy
    /// that is given as an object.
    /// </summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_application_that_forgot_the_authorization_middleware_stays_closed(bool hasServices)
    {
        using IHost host = new HostBuilder().ConfigureWebHost(web => web
            .UseTestServer()
            .ConfigureServices(services =>
            {
                services.AddRouting(static routing => routing.SuppressCheckForUnhandledSecurityMetadata = true);
                services.AddBoundedMemoryCache();
                if (hasServices)
                {
                    TestUsers.Add(services);
                }
            })
            .Configure(static app => app.UseRouting().UseEndpoints(static endpoints =>
                endpoints.MapBoundedCacheAdmin("/admin/cache")
                    .RequireAuthorization(new AuthorizeAttribute())))).Build();
        await host.StartAsync();
        using HttpClient client = host.GetTestClient();

        using HttpResponseMessage response = await client.GetAsync(
            new Uri("/admin/cache/api/caches", UriKind.Relative));

        (await Answer.OfAsync(response)).AssertProblem(HttpStatusCode.Forbidden, "not authorized");
    }

    [Fact]
    public async Task Without_the_middleware_the_frameworks_own_check_stands_before_it()
    {
        using IHost host = new HostBuilder().ConfigureWebHost(static web => web
            .UseTestServer()
            .ConfigureServices(static services =>
            {
                services.AddRouting();
                services.AddBoundedMemoryCache();
                TestUsers.Add(services);
            })
            .Configure(static app => app.UseRouting().UseEndpoints(static endpoints =>
                endpoints.MapBoundedCacheAdmin("/admin/cache").RequireAuthorization()))).Build();
        await host.StartAsync();
        using HttpClient client = host.GetTestClient();

        InvalidOperationException exception = await Assert.ThrowsAsync<InvalidOperationException>(
            () => client.GetAsync(new Uri("/admin/cache/api/caches", UriKind.Relative)));
        Assert.Contains("UseAuthorization", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Keys_and_values_are_never_shown()
    {
        await using AdminHost host = await AdminHost.StartAsync();
        host.Default.Set("secret-key", "secret-value");
        host.Default.Set("secret-key2", new byte[2000]);

        var answers = new List<Answer>();
        foreach ((HttpMethod method, string path) in EveryRequest.From(host)
            .Where(static request => request.Path != "api/stream"))
        {
            answers.Add(await host.SendAsync(method, path, method == HttpMethod.Get ? null : "{}"));
        }

        answers.Add((await host.PutAsync("api/caches/default/limit", """{"maxMemory": 1}""")).AssertOk());
        answers.Add((await host.GetAsync("api/history")).AssertOk());
        Assert.True(answers.Count(static answer => answer.Status == HttpStatusCode.OK) >= 8);
        Assert.All(answers, static answer => Assert.DoesNotContain("secret", answer.Text, StringComparison.Ordinal));
        Assert.All(host.Log.Admin, static line => Assert.DoesNotContain("secret", line.Text, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Who_is_refused_is_logged_once_a_minute()
    {
        await using AdminHost host = await AdminHost.StartAsync(options: static _ => { });

        for (int i = 0; i < 5; i++)
        {
            await host.PutAsync("api/caches/default/limit", "{}");
        }

        LogLine line = Assert.Single(host.Log.Admin);
        Assert.Equal((68, "Refused"), (line.Id, line.Name));
        Assert.StartsWith("127.0.0.1 was refused (PUT): Closed.", line.Text, StringComparison.Ordinal);
    }
}
