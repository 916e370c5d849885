using System.Text.Json.Nodes;
using BoundedCache.Browser.Tests.Support;

namespace BoundedCache.Browser.Tests;

/// <summary>What the page says at its top: whether memory is fine, and why not.</summary>
[Collection(BrowserTests.Name)]
public sealed class StatusTests(BrowserFixture chromium)
{
    [BrowserFact]
    public async Task An_RSS_that_is_not_known_is_no_figure()
    {
        await using AdminSite site = await AdminSite.StartAsync();
        await using AdminPage page = await chromium.OpenAsync(site);

        await page.PretendAsync(static answer => SetResident(answer, null));

        await Expect(page.Browser.Locator("#status")).ToContainTextAsync("RSS is not known here");
        await Expect(page.Browser.Locator("[data-line=resident] .value")).ToHaveTextAsync("unknown");
        await Expect(Fact(page, "RSS")).ToContainTextAsync("unknown");
        await page.Browser.GetByText("The chart as a table").ClickAsync();
        await Expect(page.Browser.Locator("#samples-table tbody tr").First.Locator("td").First)
            .ToHaveTextAsync("unknown");
        Assert.Empty(page.Faults.Where(static fault => !fault.Contains("ERR_FAILED", StringComparison.Ordinal)));
    }

    [BrowserFact]
    public async Task Where_only_the_stream_still_answers_the_bar_says_how_old_the_rest_is()
    {
        await using AdminSite site = await AdminSite.StartAsync();
        await using AdminPage page = await chromium.OpenAsync(site);

        await page.Browser.RouteAsync("**/api/caches", static route => route.AbortAsync());

        await Expect(page.Connection).ToHaveTextAsync(new System.Text.RegularExpressions.Regex(
            "^\\s*Live, but details and advice are as of \\d\\d:\\d\\d:\\d\\d\\s*$"));
        await page.Browser.UnrouteAllAsync();
        await Expect(page.Connection).ToHaveTextAsync("Live");
    }

    private static ILocator Fact(AdminPage page, string name) =>
        page.Browser.Locator("#facts > div", new() { HasText = name }).First;

    private static void SetResident(JsonNode answer, long? bytes)
    {
        foreach (JsonNode? sample in answer["samples"]?.AsArray() ?? [])
        {
            sample!["residentBytes"] = bytes;
        }
    }
}
