using System.Net;
using BoundedCache.AspNetCore.Tests.Support;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;

namespace BoundedCache.AspNetCore.Tests.Access;

/// <summary>Authorization as for any endpoint, and reading apart from changing.</summary>
public sealed class AuthorizationTests
{
    private const string Lower = """{"maxMemory": 1000}""";

    public static TheoryData<string> WaysToRequireAPolicy =>
        ["RequireAuthorization", "policy as an object", "on a group around", "options", "requirement data"];

    [Theory]
    [MemberData(nameof(WaysToRequireAPolicy))]
    public async Task Only_who_has_the_policy_is_answered(string way)
    {
        await using AdminHost host = await AdminHost.StartAsync(
            options: all => (all.ReadPolicy, all.ChangePolicy) = way == "options" ? ("change", "change") : (null, null),
            services: TestUsers.Add,
            map: (app, options) =>
            {
                IEndpointConventionBuilder admin = way == "on a group around"
                    ? app.MapGroup("/admin").RequireAuthorization("change").MapBoundedCacheAdmin("/cache", options)
                    : app.MapBoundedCacheAdmin("/admin/cache", options);
                _ = way switch
                {
                    "RequireAuthorization" => admin.RequireAuthorization("change"),
                    "policy as an object" => admin.RequireAuthorization(TestUsers.Change),
                    "requirement data" => admin.WithMetadata(new OperatorsOnly()),
                    _ => admin,
                };
            });

        foreach (string path in new[] { "", "api/caches", "api/history", "assets/nothing.js", "api/nothing" })
        {
            Assert.Contains(
                (await host.GetAsync(path)).Status, new[] { HttpStatusCode.Unauthorized, HttpStatusCode.Forbidden });
            Assert.Equal(HttpStatusCode.Forbidden, (await host.GetAsync(path, TestUsers.Reader)).Status);
        }

        Assert.Equal(
            HttpStatusCode.Forbidden,
            (await host.PutAsync("api/caches/default/limit", Lower, TestUsers.Reader)).Status);
        Assert.Equal(1 << 20, host.Default.MaxMemory);

        Assert.True(
            (await host.GetAsync("api/caches", TestUsers.Operator)).AssertOk().Json["canChange"]!.GetValue<bool>());
        (await host.PutAsync("api/caches/default/limit", Lower, TestUsers.Operator)).AssertOk();
        Assert.Equal(1000, host.Default.MaxMemory);
    }

    [Fact]
    public async Task Reading_and_changing_have_policies_of_their_own()
    {
        await using AdminHost host = await AdminHost.StartAsync(
            options: static all => (all.ReadPolicy, all.ChangePolicy) = ("read", "change"), services: TestUsers.Add);

        Assert.Equal(HttpStatusCode.Unauthorized, (await host.GetAsync("api/caches")).Status);
        (await host.GetAsync("", TestUsers.Reader)).AssertOk();
        Assert.False(
            (await host.GetAsync("api/caches", TestUsers.Reader)).AssertOk().Json["canChange"]!.GetValue<bool>());
        Assert.True(
            (await host.GetAsync("api/caches", TestUsers.Operator)).AssertOk().Json["canChange"]!.GetValue<bool>());

        foreach (string path in new[]
        {
            "api/caches/default/release", "api/caches/default/compact", "api/caches/default/clear", "api/memory",
        })
        {
            Assert.Equal(HttpStatusCode.Forbidden, (await host.PostAsync(path, """{}""", TestUsers.Reader)).Status);
        }

        Assert.Equal(
            HttpStatusCode.Forbidden,
            (await host.PutAsync("api/caches/default/limit", Lower, TestUsers.Reader)).Status);
        Assert.Equal(1 << 20, host.Default.MaxMemory);
        (await host.PutAsync("api/caches/default/limit", Lower, TestUsers.Operator)).AssertOk();
    }

    [Fact]
    public async Task With_a_policy_for_reading_alone_changes_stay_closed()
    {
        await using AdminHost host = await AdminHost.StartAsync(
            options: static all => all.ReadPolicy = "read", services: TestUsers.Add);

        Assert.False(
            (await host.GetAsync("api/caches", TestUsers.Operator)).AssertOk().Json["canChange"]!.GetValue<bool>());
        (await host.PutAsync("api/caches/default/limit", Lower, TestUsers.Operator))
            .AssertProblem(HttpStatusCode.Forbidden, "ChangePolicy");
        Assert.Equal(1 << 20, host.Default.MaxMemory);
    }

    [Fact]
    public async Task Loopback_does_not_spare_anybody_the_authorization_that_there_is()
    {
        await using AdminHost host = await AdminHost.StartAsync(
            options: static all => all.AllowLoopback = true,
            services: TestUsers.Add,
            map: static (app, options) =>
                app.MapBoundedCacheAdmin("/admin/cache", options).RequireAuthorization("change"));

        Assert.Equal(HttpStatusCode.Unauthorized, (await host.GetAsync("api/caches")).Status);
        host.RemoteAddress = IPAddress.Parse("192.0.2.7");
        (await host.GetAsync("api/caches", TestUsers.Operator)).AssertOk();
    }

    [Fact]
    public async Task Over_loopback_reading_can_be_free_while_changes_need_a_policy()
    {
        await using AdminHost host = await AdminHost.StartAsync(
            options: static all => (all.AllowLoopback, all.ChangePolicy) = (true, "change"), services: TestUsers.Add);

        Assert.False((await host.GetAsync("api/caches")).AssertOk().Json["canChange"]!.GetValue<bool>());
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.PutAsync("api/caches/default/limit", Lower)).Status);
        (await host.PutAsync("api/caches/default/limit", Lower, TestUsers.Operator)).AssertOk();
    }

    [AttributeUsage(AttributeTargets.All)]
    private sealed class OperatorsOnly : Attribute, IAuthorizationRequirementData
    {
        public IEnumerable<IAuthorizationRequirement> GetRequirements() =>
            new AuthorizationPolicyBuilder().RequireRole("operator").Build().Requirements;
    }
}
