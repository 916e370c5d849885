using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using BoundedCache.Browser.Tests.Support;

namespace BoundedCache.Browser.Tests.Proxies;

/// <summary>The page behind nginx.</summary>
public sealed class NginxTests(BrowserFixture chromium) : IClassFixture<BrowserFixture>
{
    [NginxFact]
    public async Task With_its_defaults_the_stream_arrives_and_a_limit_can_be_changed()
    {
        await using AdminSite site = await AdminSite.StartAsync();
        await using Nginx nginx = await Nginx.StartAsync(
            "location / { proxy_pass http://UPSTREAM; }", site.PageAddress);
        await using AdminPage page = await chromium.OpenAsync(nginx.Address("/admin/cache/"));

        await Expect(page.Connection).ToHaveTextAsync("Live");
        CacheCard card = page.Card(AdminSite.FirstName);
        await card.AskForLimitAsync("4MB");
        await page.AnswerAsync("Lower the limit");
        await Expect(card.Outcome).ToContainTextAsync("Limit lowered from 16 MiB to 4 MiB");
        Assert.Empty(page.Faults);
    }

    [NginxFact]
    public async Task Where_it_keeps_the_stream_back_the_page_polls_and_its_figures_are_of_now()
    {
        await using AdminSite site = await AdminSite.StartAsync();
        await using Nginx nginx = await Nginx.StartAsync(
            "location / { proxy_pass http://UPSTREAM; proxy_ignore_headers X-Accel-Buffering; }", site.PageAddress);
        await using AdminPage page = await chromium.OpenAsync(nginx.Address("/admin/cache/"));

        await Expect(page.Connection).ToContainTextAsync("Polling");
        AdminSite.Fill(site.First, 12 << 20);
        await Expect(page.Card(AdminSite.FirstName).Used).ToHaveTextAsync(ByteSize.Format(site.First.UsedMemory));
        await site.First.SetMaxMemoryAsync(3 << 20);
        await Expect(page.Card(AdminSite.FirstName).Outcome).ToContainTextAsync("Limit lowered from 16 MiB to 3 MiB");
        await Expect(page.Browser.Locator("#shrink-count")).ToHaveTextAsync("1");
        await Expect(page.Browser.Locator("body.old")).ToHaveCountAsync(0);
    }

    [NginxFact]
    public async Task Over_plain_HTTP_with_another_Host_changes_are_refused_with_both_values_and_as_documented_work()
    {
        await using AdminSite site = await AdminSite.StartAsync();
        await using (Nginx nginx = await Nginx.StartAsync(
            "location / { proxy_pass http://UPSTREAM; }", site.PageAddress))
        {
            await using AdminPage page = await chromium.OpenAsync(nginx.Address("/admin/cache/", Chromium.PlainHost));
            CacheCard card = page.Card(AdminSite.FirstName);
            await Expect(page.Connection).ToHaveTextAsync("Live");
            await card.AskForLimitAsync("4MB");
            await page.AnswerAsync("Lower the limit");
            await Expect(card.Problem).ToContainTextAsync($"Host '{site.PageAddress.Authority}'");
            await Expect(card.Problem).ToContainTextAsync($"Origin 'http://{Chromium.PlainHost}:{nginx.Port}'");
            await Expect(card.Problem).ToContainTextAsync("proxy_set_header Host $http_host");
            Assert.Equal(AdminSite.MaxMemory, site.First.MaxMemory);
        }

        string documented = Regex.Match(
            AdminDocument.Text, "```nginx\n(.*?)```", RegexOptions.Singleline).Groups[1].Value
            .Replace("127.0.0.1:5000", "UPSTREAM", StringComparison.Ordinal);
        await using (Nginx nginx = await Nginx.StartAsync(documented, site.PageAddress))
        {
            await using AdminPage page = await chromium.OpenAsync(nginx.Address("/admin/cache/", Chromium.PlainHost));
            CacheCard card = page.Card(AdminSite.FirstName);
            await Expect(page.Connection).ToHaveTextAsync("Live");
            await card.AskForLimitAsync("4MB");
            await page.AnswerAsync("Lower the limit");
            await Expect(card.Outcome).ToContainTextAsync("Limit lowered from 16 MiB to 4 MiB");
        }
    }

    [NginxFact]
    public async Task Where_it_strips_a_prefix_page_and_location_work()
    {
        await using AdminSite site = await AdminSite.StartAsync();
        await using Nginx nginx = await Nginx.StartAsync(
            "location /tools/memory/ { proxy_pass http://UPSTREAM/admin/cache/; }", site.PageAddress);
        await using AdminPage page = await chromium.OpenAsync(nginx.Address("/tools/memory/"));
        CacheCard card = page.Card(AdminSite.FirstName);
        await Expect(page.Connection).ToHaveTextAsync("Live");
        await card.AskForLimitAsync("4MB");
        await page.AnswerAsync("Lower the limit");
        await Expect(card.Outcome).ToContainTextAsync("Limit lowered");

        using var client = new HttpClient();
        using var request = new HttpRequestMessage(
            HttpMethod.Put, nginx.Address($"/tools/memory/api/caches/{AdminSite.FirstName}/limit"))
        {
            Content = JsonContent.Create(new { maxMemory = "3MB" }),
            Headers = { { "Prefer", "respond-async" } },
        };
        using HttpResponseMessage accepted = await client.SendAsync(request);
        Assert.Equal(HttpStatusCode.Accepted, accepted.StatusCode);
        JsonNode? operation = await client.GetFromJsonAsync<JsonNode>(
            new Uri(request.RequestUri!, accepted.Headers.Location!));
        Assert.Equal(AdminSite.FirstName, operation!["cacheName"]!.GetValue<string>());
    }

    [NginxFact]
    public async Task Names_that_a_proxy_would_change_in_a_path_work_on_the_page()
    {
        string[] names = [".", "..", "a/b", "a%2Fb"];
        await using AdminSite site = await AdminSite.StartAsync(services: services => Array.ForEach(
            names,
            name => Microsoft.Extensions.DependencyInjection.BoundedMemoryCacheServiceCollectionExtensions
                .AddKeyedBoundedMemoryCache(services, name, static cache => cache.MaxMemory = 8 << 20)));
        await using Nginx nginx = await Nginx.StartAsync(
            "location /x/ { proxy_pass http://UPSTREAM/admin/cache/; }", site.PageAddress);
        await using AdminPage page = await chromium.OpenAsync(nginx.Address("/x/"));

        foreach (string name in names)
        {
            await page.Browser.GetByRole(AriaRole.Button, new() { Name = name, Exact = true }).ClickAsync();
            CacheCard card = page.Card(name);
            await card.AskForLimitAsync("4MB");
            await page.AnswerAsync("Lower the limit");
            await Expect(card.Outcome).ToContainTextAsync("Limit lowered from 8 MiB to 4 MiB");
        }
    }
}
