using System.Net;
using System.Text.RegularExpressions;
using BoundedCache.Browser.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Yarp.ReverseProxy.Configuration;

namespace BoundedCache.Browser.Tests.Proxies;

/// <summary>The page behind a proxy that sends requests to two replicas in turn.</summary>
public sealed class ReplicasTests(BrowserFixture chromium) : IClassFixture<BrowserFixture>
{
    [BrowserFact]
    public async Task It_shows_one_of_them_says_so_and_asks_seldom()
    {
        await using AdminSite first = await AdminSite.StartAsync();
        await using AdminSite second = await AdminSite.StartAsync(maxMemory: 20 << 20);
        await using WebApplication proxy = await StartProxyAsync(first, second);
        await using AdminPage page = await chromium.OpenAsync(new Uri($"{proxy.Urls.Single()}/admin/cache/"));

        await Expect(page.Browser.Locator("#other-process")).ToContainTextAsync("Several processes answer");
        await Expect(page.Card(AdminSite.FirstName).Max).ToHaveTextAsync(new Regex("^(16|20) MiB$"));
        await page.Browser.WaitForTimeoutAsync(4000);
        await page.Browser.EvaluateAsync(Watch);
        int before = page.Requests.Count;
        await page.Browser.WaitForTimeoutAsync(5000);

        Assert.InRange(page.Requests.Count - before, 0, 30);
        string[] shown = await page.Browser.EvaluateAsync<string[]>("[...window.shown]");
        Assert.True(
            shown is ["16 MiB of 32 MiB"] or ["20 MiB of 36 MiB"],
            $"One process was not shown, but: {string.Join(", ", shown)}");
        await Expect(page.Connection).Not.ToContainTextAsync("lost");
    }

    [BrowserFact]
    public async Task A_change_that_reached_the_other_one_is_told_as_that()
    {
        await using AdminSite first = await AdminSite.StartAsync();
        await using AdminSite second = await AdminSite.StartAsync();
        await using WebApplication proxy = await StartProxyAsync(first, second);
        await using AdminPage page = await chromium.OpenAsync(new Uri($"{proxy.Urls.Single()}/admin/cache/"));
        await Expect(page.Browser.Locator("#other-process")).ToContainTextAsync("Several processes answer");
        CacheCard card = page.Card(AdminSite.FirstName);
        await Expect(card.Max).ToHaveTextAsync("16 MiB");

        // Which of them a change reaches is not known. Sooner or later it is each.
        for (int i = 10; i > 0; i--)
        {
            await card.Button("Clear…").ClickAsync();
            await page.AnswerAsync("Remove everything");
            await Expect(card.Whole.Locator(".progress")).ToBeHiddenAsync();
            if ((await card.Problem.InnerTextAsync()).Contains("Another process", StringComparison.Ordinal))
            {
                await Expect(card.Problem).ToContainTextAsync("and did there what was asked for");
                Assert.True(first.First.Count == 0 || second.First.Count == 0);
                return;
            }
        }

        Assert.Fail("Ten changes all reached the process that is shown.");
    }

    /// <summary>Notes which limits are shown together: the card's and the chart's.</summary>
    private const string Watch =
        """
        () => {
          const card = document.querySelector('.card [data-figure=max]');
          const chart = document.querySelector('[data-line=max] .value');
          window.shown = new Set();
          const note = () => window.shown.add(`${card.textContent} of ${chart.textContent}`);
          note();
          new MutationObserver(note).observe(document.body, { subtree: true, childList: true, characterData: true });
        }
        """;

    private static async Task<WebApplication> StartProxyAsync(params AdminSite[] sites)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(static kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var route = new RouteConfig
        {
            RouteId = "all",
            ClusterId = "replicas",
            Match = new RouteMatch { Path = "/{**rest}" },
            Transforms = [new Dictionary<string, string> { ["RequestHeaderOriginalHost"] = "true" }],
        };
        var cluster = new ClusterConfig
        {
            ClusterId = "replicas",
            LoadBalancingPolicy = "RoundRobin",
            Destinations = sites.ToDictionary(
                static site => site.PageAddress.Authority,
                static site => new DestinationConfig { Address = site.PageAddress.GetLeftPart(UriPartial.Authority) }),
        };
        builder.Services.AddReverseProxy().LoadFromMemory([route], [cluster]);
        WebApplication proxy = builder.Build();
        proxy.MapReverseProxy();
        await proxy.StartAsync();
        return proxy;
    }
}
