using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace BoundedCache.Examples.Tests.AdminDashboard;

/// <summary>The example with <c>--auth</c>: who brings which key may do what.</summary>
public sealed class AuthenticatedDashboardTests
{
    private const string Limit = "api/caches/catalog/limit";
    private const string Body = """{ "maxMemory": "100MB" }""";

    [Fact]
    public async Task Without_a_key_nothing_is_answered_with_one_it_may_be_read_with_the_other_changed()
    {
        using DashboardProcess dashboard = await DashboardProcess.StartAsync("--auth", "--lookups", "0");
        string reader = await dashboard.WaitForAsync("Key that may read: ");
        string changer = await dashboard.WaitForAsync("Key that may change: ");
        Assert.NotEqual(reader, changer);

        foreach (string path in (string[])["", "api/caches", "api/history", "api/memory", "api/stream"])
        {
            await AssertAsync(HttpStatusCode.Unauthorized, dashboard.SendAsync(HttpMethod.Get, path, key: null));
            await AssertAsync(
                HttpStatusCode.Unauthorized, dashboard.SendAsync(HttpMethod.Get, path, key: reader + "0"));
        }

        await AssertAsync(HttpStatusCode.OK, dashboard.SendAsync(HttpMethod.Get, "", reader));
        Assert.False(await CanChangeAsync(dashboard, reader));
        Assert.True(await CanChangeAsync(dashboard, changer));

        await AssertAsync(HttpStatusCode.Unauthorized, dashboard.SendAsync(HttpMethod.Put, Limit, key: null, Body));
        await AssertAsync(HttpStatusCode.Forbidden, dashboard.SendAsync(HttpMethod.Put, Limit, reader, Body));
        Assert.NotEqual(100 << 20, await MaxBytesAsync(dashboard, reader));
        await AssertAsync(HttpStatusCode.OK, dashboard.SendAsync(HttpMethod.Put, Limit, changer, Body));
        Assert.Equal(100 << 20, await MaxBytesAsync(dashboard, reader));
    }

    [Fact]
    public async Task Keys_come_from_configuration_are_not_printed_and_also_work_as_a_password_which_browsers_ask_for()
    {
        var keys = new Dictionary<string, string>
        {
            ["Auth__ReaderKey"] = "a reader's key, this",
            ["Auth__ChangerKey"] = "a changer's key: this",
        };
        using DashboardProcess dashboard = await DashboardProcess.StartAsync(keys, "--auth", "--lookups", "0");

        using HttpResponseMessage challenge = await dashboard.SendAsync(HttpMethod.Get, "", key: null);
        Assert.Equal("Basic", Assert.Single(challenge.Headers.WwwAuthenticate).Scheme);

        await AssertAsync(HttpStatusCode.OK, WithPasswordAsync(dashboard, keys["Auth__ChangerKey"]));
        await AssertAsync(HttpStatusCode.Unauthorized, WithPasswordAsync(dashboard, "another"));
        await AssertAsync(
            HttpStatusCode.OK, dashboard.SendAsync(HttpMethod.Put, Limit, keys["Auth__ChangerKey"], Body));
        Assert.All(keys.Values, key => Assert.DoesNotContain(key, dashboard.Output, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("Basic %%%")]
    [InlineData("Basic YQ==")]
    [InlineData("Basic")]
    [InlineData("Bearer 123")]
    public async Task Credentials_that_are_none_are_refused(string credentials)
    {
        using DashboardProcess dashboard = await DashboardProcess.StartAsync("--auth", "--lookups", "0");
        using var request = new HttpRequestMessage(HttpMethod.Get, dashboard.Page);
        request.Headers.TryAddWithoutValidation("Authorization", credentials);

        await AssertAsync(HttpStatusCode.Unauthorized, dashboard.Client.SendAsync(request));
    }

    private static async Task<HttpResponseMessage> WithPasswordAsync(DashboardProcess dashboard, string password)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, dashboard.Page);
        request.Headers.Authorization = new AuthenticationHeaderValue(
            "Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"me:{password}")));
        return await dashboard.Client.SendAsync(request);
    }

    private static async Task AssertAsync(HttpStatusCode expected, Task<HttpResponseMessage> answer)
    {
        using HttpResponseMessage response = await answer;
        Assert.True(
            response.StatusCode == expected,
            $"{(int)response.StatusCode} and not {(int)expected} for {response.RequestMessage}: "
                + $"{await response.Content.ReadAsStringAsync()}");
    }

    private static async Task<bool> CanChangeAsync(DashboardProcess dashboard, string key) =>
        (await ReadAsync(dashboard, "api/caches", key)).GetProperty("canChange").GetBoolean();

    private static async Task<long> MaxBytesAsync(DashboardProcess dashboard, string key) =>
        (await ReadAsync(dashboard, "api/caches/catalog", key)).GetProperty("maxBytes").GetInt64();

    private static async Task<JsonElement> ReadAsync(DashboardProcess dashboard, string path, string key)
    {
        using HttpResponseMessage response = await dashboard.SendAsync(HttpMethod.Get, path, key);
        return JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;
    }
}
