using System.Net;
using BoundedCache.AspNetCore.Pages;
using BoundedCache.AspNetCore.Tests.Support;
using Microsoft.AspNetCore.Builder;

namespace BoundedCache.AspNetCore.Tests.Pages;

/// <summary>The page and its files, as the assembly carries them.</summary>
public sealed class PageTests
{
    [Fact]
    public async Task The_page_allows_nothing_but_what_comes_from_itself()
    {
        await using AdminHost host = await AdminHost.StartAsync();

        Answer page = (await host.GetAsync("")).AssertOk();

        Assert.Equal("text/html; charset=utf-8", page.ContentHeaders.ContentType?.ToString());
        string policy = Assert.Single(page.Headers.GetValues("Content-Security-Policy"));
        Assert.StartsWith("default-src 'none'; script-src 'self'; style-src 'self';", policy, StringComparison.Ordinal);
        Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("http", policy, StringComparison.Ordinal);
        Assert.DoesNotContain('*', policy);
        Assert.Equal("nosniff", Assert.Single(page.Headers.GetValues("X-Content-Type-Options")));
        Assert.Equal("no-referrer", Assert.Single(page.Headers.GetValues("Referrer-Policy")));
        Assert.Equal("same-origin", Assert.Single(page.Headers.GetValues("Cross-Origin-Resource-Policy")));
        Assert.Equal("private, no-cache", page.Headers.CacheControl?.ToString()
            .Replace("no-cache, private", "private, no-cache", StringComparison.Ordinal));
        Assert.Equal("no-store", (await host.GetAsync("api/caches")).Headers.CacheControl?.ToString());
    }

    [Fact]
    public async Task Every_file_is_served_with_its_type_and_not_again_if_the_browser_has_it()
    {
        await using AdminHost host = await AdminHost.StartAsync();
        string[] files = [.. typeof(PageFiles).Assembly.GetManifestResourceNames()
            .Where(static name => name.StartsWith("Page/", StringComparison.Ordinal))];
        Assert.Contains("Page/index.html", files);

        foreach (string file in files)
        {
            string path = file == "Page/index.html" ? "" : $"assets/{file["Page/".Length..]}";
            Answer first = (await host.GetAsync(path)).AssertOk();
            string tag = first.Headers.ETag!.ToString();
            Answer second = await host.GetAsync(path, $"If-None-Match: {tag}");
            Answer head = await host.SendAsync(HttpMethod.Head, path);

            Assert.Equal((HttpStatusCode.NotModified, ""), (second.Status, second.Text));
            Assert.Equal(
                (HttpStatusCode.OK, first.ContentHeaders.ContentLength),
                (head.Status, head.ContentHeaders.ContentLength));
            string type = first.ContentHeaders.ContentType!.ToString();
            Assert.StartsWith(
                Path.GetExtension(file) switch
                {
                    ".html" => "text/html",
                    ".css" => "text/css",
                    ".js" => "text/javascript",
                    ".svg" => "image/svg+xml",
                    _ => "text/plain",
                },
                type,
                StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("/admin/cache", "./cache/")]
    [InlineData("/admin/cache?a=b", "./cache/?a=b")]
    public async Task Without_a_slash_at_its_end_the_address_leads_to_the_one_with_it(string path, string location)
    {
        await using AdminHost host = await AdminHost.StartAsync();

        using HttpResponseMessage response = await host.Client.GetAsync(new Uri(path, UriKind.Relative));

        Assert.Equal(
            (HttpStatusCode.Found, location), (response.StatusCode, response.Headers.Location!.OriginalString));
    }

    [Theory]
    [InlineData("/admin/cache", "./cache/")]
    [InlineData("/admin/cache/", null)]
    public async Task So_it_is_where_a_branch_took_the_whole_path(string path, string? location)
    {
        await using AdminHost host = await AdminHost.StartAsync(map: static (app, options) =>
            app.Map("/admin/cache", branch =>
            {
                branch.UseRouting();
                branch.UseEndpoints(endpoints => endpoints.MapBoundedCacheAdmin("/", options));
            }));

        using HttpResponseMessage response = await host.Client.GetAsync(new Uri(path, UriKind.Relative));

        Assert.Equal(
            (location is null ? HttpStatusCode.OK : HttpStatusCode.Found, location),
            (response.StatusCode, response.Headers.Location?.OriginalString));
    }

    [Theory]
    [InlineData("assets/index.html")]
    [InlineData("assets/")]
    [InlineData("assets/nothing.js")]
    [InlineData("assets/%2e%2e/Page/index.html")]
    [InlineData("assets/..%2findex.html")]
    [InlineData("assets//etc/passwd")]
    public async Task A_file_that_the_page_does_not_have(string path)
    {
        await using AdminHost host = await AdminHost.StartAsync();

        Answer answer = await host.GetAsync(path);
        Assert.Equal(HttpStatusCode.NotFound, answer.Status);
    }
}
