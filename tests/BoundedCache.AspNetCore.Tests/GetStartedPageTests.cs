using System.Text;
using System.Text.RegularExpressions;
using BoundedCache.TestSupport;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace BoundedCache.AspNetCore.Tests;

/// <summary>docs/GET-STARTED.md: its service runs here, on the settings that it shows.</summary>
public sealed partial class GetStartedPageTests
{
    private static readonly string s_page = File.ReadAllText(
        Path.Combine(SourceTree.FindRoot(), "docs", "GET-STARTED.md"));

    [Fact]
    public async Task The_service_of_the_page_fills_its_cache_and_shrinks_it()
    {
        string[] args = [];
        // PAGE begins
        WebApplicationBuilder builder = WebApplication.CreateBuilder(args);
        // Instead of AddMemoryCache(). The limit is in appsettings.json.
        builder.Services.AddBoundedMemoryCache(builder.Configuration.GetSection("Cache"));

        // PAGE ends
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        using var settings = new MemoryStream(Encoding.UTF8.GetBytes(Block("json").Match(s_page).Groups[1].Value));
        builder.Configuration.AddJsonStream(settings);
        // PAGE begins
        WebApplication app = builder.Build();
        // IMemoryCache as usual. No size is declared: the cache measures the page.
        app.MapGet("/pages/{id:int}", (int id, IMemoryCache cache) =>
            Results.Bytes(cache.GetOrCreate($"page:{id}", entry => RenderPage(id))!));
        // The admin page. Anybody on this machine may use it; in production, require authorization instead.
        app.MapBoundedCacheAdmin("/admin/cache", options => options.AllowLoopback = true);
        // PAGE ends
        await using (app)
        {
            await app.StartAsync();
            using var client = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };
            for (int id = 1; id <= 400; id++)
            {
                Assert.Equal(100_000, (await client.GetByteArrayAsync($"/pages/{id}")).Length);
            }

            BoundedMemoryCache cache = app.Services.GetRequiredService<BoundedMemoryCache>();
            Assert.Equal(256 << 20, cache.MaxMemory);
            Assert.Equal(400, cache.Count);
            using var limit = new StringContent("{\"maxMemory\": \"32MB\"}", Encoding.UTF8, "application/json");
            using HttpResponseMessage answer = await client.PutAsync(
                "/admin/cache/api/caches/default/limit", limit);
            Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
            Assert.InRange(cache.UsedMemory, 1, 32 << 20);

            // PAGE begins
            ShrinkReport report = await cache.SetMaxMemoryAsync(32 << 20);
            Console.WriteLine(report);
            // PAGE ends
            Assert.Equal(0, report.EntriesEvicted);
        }
    }

    [Fact]
    public void The_page_shows_that_very_code()
    {
        string source = File.ReadAllText(Path.Combine(
            SourceTree.FindRoot(), "tests", "BoundedCache.AspNetCore.Tests", "GetStartedPageTests.cs"));
        string page = Squeeze(string.Concat(Block("csharp").Matches(s_page).Select(static match => match.Value)));

        Assert.All(
            Regions().Matches(source).Select(static match => Squeeze(match.Groups[1].Value)),
            region => Assert.Contains(region, page, StringComparison.Ordinal));
    }

    // PAGE begins
    static byte[] RenderPage(int id)
    {
        byte[] page = new byte[100_000];
        new Random(id).NextBytes(page);
        return page;
    }
    // PAGE ends

    private static string Squeeze(string text) =>
        string.Join('\n', text.Split('\n').Select(static line => line.Trim()).Where(static line => line.Length > 0));

    private static Regex Block(string language) =>
        new($"^```{language}\n(.*?)^```", RegexOptions.Singleline | RegexOptions.Multiline);

    [GeneratedRegex("^ *// PAGE begins$(.*?)^ *// PAGE ends$", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex Regions();
}
