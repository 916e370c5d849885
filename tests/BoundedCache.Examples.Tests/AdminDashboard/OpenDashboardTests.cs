using System.Net;
using System.Net.NetworkInformation;
using System.Text.Json;
using BoundedCache.TestSupport;

namespace BoundedCache.Examples.Tests.AdminDashboard;

/// <summary>The example as it runs without options: open to this machine.</summary>
public sealed class OpenDashboardTests
{
    [Fact]
    public async Task The_page_and_both_caches_are_there_and_the_load_fills_them()
    {
        using DashboardProcess dashboard = await DashboardProcess.StartAsync();

        Assert.Contains("<title>", await dashboard.Client.GetStringAsync(dashboard.Page), StringComparison.Ordinal);
        JsonElement overview = await dashboard.GetAsync("api/caches");
        Assert.True(overview.GetProperty("canChange").GetBoolean());
        Assert.Equal(["catalog", "sessions"], overview.GetProperty("caches").EnumerateArray()
            .Select(static cache => cache.GetProperty("name").GetString()).Order());

        using var limit = new CancellationTokenSource(ProgramProcess.Hung);
        foreach (string name in (string[])["catalog", "sessions"])
        {
            while ((await dashboard.GetAsync($"api/caches/{name}")).GetProperty("count").GetInt64() == 0)
            {
                Assert.False(limit.IsCancellationRequested, $"{name} stayed empty:\n{dashboard.Output}");
            }
        }
    }

    [Fact]
    public async Task A_limit_is_lowered_with_one_request_which_answers_the_report()
    {
        using DashboardProcess dashboard = await DashboardProcess.StartAsync("--lookups", "0");

        using HttpResponseMessage response = await dashboard.SendAsync(
            HttpMethod.Put,
            "api/caches/catalog/limit",
            key: null,
            """{ "maxMemory": "100MB", "releaseMode": "full" }""");

        string answer = await response.Content.ReadAsStringAsync();
        Assert.True(response.StatusCode == HttpStatusCode.OK, answer);
        Assert.Equal(100 << 20, JsonDocument.Parse(answer).RootElement.GetProperty("newMaxBytes").GetInt64());
        Assert.Equal(100 << 20, (await dashboard.GetAsync("api/caches/catalog")).GetProperty("maxBytes").GetInt64());
    }

    [Fact]
    public async Task All_endpoints_are_in_the_OpenAPI_document()
    {
        using DashboardProcess dashboard = await DashboardProcess.StartAsync("--lookups", "0");

        JsonElement paths = (await dashboard.GetAsync("/openapi/v1.json")).GetProperty("paths");

        Assert.Equal(
            [
                "get /admin/cache/api/caches",
                "get /admin/cache/api/caches/{name}",
                "get /admin/cache/api/caches/{name}/contents",
                "get /admin/cache/api/caches/{name}/limit/preview",
                "get /admin/cache/api/history",
                "get /admin/cache/api/memory",
                "get /admin/cache/api/operations/{id}",
                "get /admin/cache/api/stream",
                "post /admin/cache/api/caches/{name}/clear",
                "post /admin/cache/api/caches/{name}/compact",
                "post /admin/cache/api/caches/{name}/release",
                "post /admin/cache/api/memory",
                "put /admin/cache/api/caches/{name}/limit",
            ],
            paths.EnumerateObject()
                .SelectMany(static path => path.Value.EnumerateObject().Select(method => $"{method.Name} {path.Name}"))
                .Where(static endpoint => endpoint.Contains("/api/", StringComparison.Ordinal))
                .Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task It_listens_on_loopback_alone_whatever_it_is_told()
    {
        using DashboardProcess dashboard = await DashboardProcess.StartAsync(
            new Dictionary<string, string> { ["ASPNETCORE_URLS"] = "http://0.0.0.0:0" }, "--lookups", "0");

        Assert.Equal(
            [IPAddress.Loopback],
            IPGlobalProperties.GetIPGlobalProperties()
                .GetActiveTcpListeners()
                .Where(listener => listener.Port == dashboard.Page.Port)
                .Select(static listener => listener.Address));
    }
}
