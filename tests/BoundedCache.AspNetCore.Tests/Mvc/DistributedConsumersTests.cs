using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc.Rendering;
using Microsoft.AspNetCore.Mvc.TagHelpers;
using Microsoft.AspNetCore.Mvc.TagHelpers.Cache;
using Microsoft.AspNetCore.Razor.TagHelpers;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;

namespace BoundedCache.AspNetCore.Tests.Mvc;

/// <summary>What ASP.NET Core keeps in a distributed cache, over HTTP, on ours.</summary>
public sealed class DistributedConsumersTests
{
    private const long MiB = 1024 * 1024;

    [Fact]
    public async Task Session_state_is_kept_for_each_client_until_it_is_evicted()
    {
        await using WebApplication app = await StartAsync();
        using var first = new Browser(app);
        using var second = new Browser(app);

        Assert.Equal("1", await first.GetAsync("/count"));
        Assert.Equal("2", await first.GetAsync("/count"));
        Assert.Equal("1", await second.GetAsync("/count"));
        Assert.Equal("3", await first.GetAsync("/count"));
        BoundedByteCache cache = CacheOf(app);
        Assert.Equal(2, cache.Count);

        cache.MaxMemory = 1;
        Assert.Equal("1", await first.GetAsync("/count"));
        cache.MaxMemory = MiB;
        Assert.Equal("1", await first.GetAsync("/count"));
        Assert.Equal("2", await first.GetAsync("/count"));
        cache.Engine.CheckInvariants();
    }

    [Fact]
    public async Task A_part_of_a_page_is_rendered_once_by_the_distributed_cache_tag_helper()
    {
        await using WebApplication app = await StartAsync();
        using var client = new Browser(app);

        Assert.Equal("a 1", await client.GetAsync("/part?name=a"));
        Assert.Equal("a 1", await client.GetAsync("/part?name=a"));
        Assert.Equal("b 2", await client.GetAsync("/part?name=b"));
        Assert.Equal("a 1", await client.GetAsync("/part?name=a"));
        Assert.Equal(2, CacheOf(app).Count);
        CacheOf(app).Clear();
        Assert.Equal("a 3", await client.GetAsync("/part?name=a"));
        CacheOf(app).Engine.CheckInvariants();
    }

    private static BoundedByteCache CacheOf(WebApplication app) =>
        app.Services.GetRequiredKeyedService<BoundedByteCache>("distributed-cache");

    private static async Task<WebApplication> StartAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseTestServer();
        builder.Services.AddSession();
        builder.Services.AddWebEncoders();
        builder.Services.AddMvcCore().AddCacheTagHelper();
        builder.Services.AddBoundedDistributedCache(static options => options.MaxMemory = MiB);
        WebApplication app = builder.Build();
        int rendered = 0;
        app.UseSession();
        app.MapGet("/count", static (HttpContext context) =>
        {
            int count = (context.Session.GetInt32("count") ?? 0) + 1;
            context.Session.SetInt32("count", count);
            return context.Response.WriteAsync($"{count}");
        });
        app.MapGet("/part", async (HttpContext context) =>
        {
            string name = context.Request.Query["name"]!;
            var tag = new DistributedCacheTagHelper(
                context.RequestServices.GetRequiredService<IDistributedCacheTagHelperService>(), HtmlEncoder.Default)
            {
                ViewContext = new ViewContext { HttpContext = context, RouteData = new RouteData() },
                Name = name,
                ExpiresAfter = TimeSpan.FromMinutes(1),
            };
            TagHelperOutput output = Rendering(() => $"{name} {++rendered}");
            await tag.ProcessAsync(new TagHelperContext([], new Dictionary<object, object>(), name), output);
            await context.Response.WriteAsync(output.Content.GetContent());
        });
        await app.StartAsync();
        return app;
    }

    /// <summary>A tag whose content is rendered when the tag helper asks for it.</summary>
    private static TagHelperOutput Rendering(Func<string> render) => new(
        "distributed-cache",
        [],
        (_, _) => Task.FromResult(new DefaultTagHelperContent().SetContent(render())));

    /// <summary>A client that keeps its cookies.</summary>
    private sealed class Browser(WebApplication app) : IDisposable
    {
        private readonly HttpClient _client = app.GetTestClient();
        private string? _cookie;

        public async Task<string> GetAsync(string path)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path);
            if (_cookie is not null)
            {
                request.Headers.Add("Cookie", _cookie);
            }

            using HttpResponseMessage response = await _client.SendAsync(request);
            if (response.Headers.TryGetValues("Set-Cookie", out IEnumerable<string>? cookies))
            {
                _cookie = cookies.First().Split(';')[0];
            }

            return await response.EnsureSuccessStatusCode().Content.ReadAsStringAsync();
        }

        public void Dispose() => _client.Dispose();
    }
}
