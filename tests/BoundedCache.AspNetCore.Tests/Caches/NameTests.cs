using System.Net;
using System.Text.Json.Nodes;
using BoundedCache.AspNetCore.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace BoundedCache.AspNetCore.Tests.Caches;

/// <summary>Names of caches that do not survive in an address as they are.</summary>
public sealed class NameTests
{
    private static readonly string[] s_names =
        [".", "..", "a/b", "a%2Fb", "a%2fb", "a%252Fb", "a b", "a?b", "a#b", "a\\b", "ä", "-", "%", "a&name=x", "/"];

    [Fact]
    public async Task Every_name_is_addressed_by_the_query_and_only_that_cache_changes()
    {
        await using WebApplication app = await StartAsync();
        using HttpClient client = ClientOf(app);

        foreach (string name in s_names)
        {
            string query = $"?name={Uri.EscapeDataString(name)}";
            JsonNode cache = await ReadAsync(await client.GetAsync(Relative($"api/caches/-{query}")));
            Assert.Equal(name, cache["name"]!.GetValue<string>());
            JsonNode preview = await ReadAsync(
                await client.GetAsync(Relative($"api/caches/-/limit/preview{query}&maxMemory=5MB")));
            Assert.Equal(name, preview["cacheName"]!.GetValue<string>());
            using var body = new StringContent("{}", System.Text.Encoding.UTF8, "application/json");
            JsonNode cleared = await ReadAsync(await client.PostAsync(Relative($"api/caches/-/clear{query}"), body));
            Assert.Equal(name, cleared["cacheName"]!.GetValue<string>());
        }
    }

    [Fact]
    public async Task An_encoded_slash_in_the_path_is_a_slash_and_an_encoded_percent_sign_a_percent_sign()
    {
        await using WebApplication app = await StartAsync();
        using HttpClient client = ClientOf(app);

        foreach (string name in s_names.Except([".", ".."]))
        {
            JsonNode cache = await ReadAsync(
                await client.GetAsync(Relative($"api/caches/{Uri.EscapeDataString(name)}")));
            Assert.Equal(name, cache["name"]!.GetValue<string>());
        }
    }

    private static Uri Relative(string path) => new(path, UriKind.Relative);

    private static async Task<WebApplication> StartAsync()
    {
        WebApplication app = AdminHost.Build(
            static services =>
            {
                foreach (string name in s_names)
                {
                    services.AddKeyedBoundedMemoryCache(name, static cache => cache.ReleaseMode = ReleaseMode.None);
                }
            },
            static web => web.ConfigureKestrel(static kestrel => kestrel.Listen(IPAddress.Loopback, 0)));
        app.MapBoundedCacheAdmin("/admin/cache", static all => all.AllowLoopback = true);
        await app.StartAsync();
        return app;
    }

    private static HttpClient ClientOf(WebApplication app) =>
        new() { BaseAddress = new Uri($"{app.Urls.Single()}/admin/cache/") };

    private static async Task<JsonNode> ReadAsync(HttpResponseMessage response)
    {
        using (response)
        {
            return (await Answer.OfAsync(response)).AssertOk().Json;
        }
    }
}
