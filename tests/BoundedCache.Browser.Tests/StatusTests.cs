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

    [BrowserTheory]
    [InlineData(1024, "Fine", "1 GiB of 2 GiB are in use (50 %), 100 MiB by this process.")]
    [InlineData(1800, "Near the container’s limit", "1.76 GiB of 2 GiB are in use (88 %), 100 MiB by this process.")]
    [InlineData(1946, "Close to the container’s limit", "1.9 GiB of 2 GiB are in use (95 %), 100 MiB by this process.")]
    public async Task The_status_is_of_what_all_processes_under_the_limit_use(int usedMiB, string word, string text)
    {
        await using AdminSite site = await AdminSite.StartAsync();
        await using AdminPage page = await chromium.OpenAsync(site);

        await page.PretendAsync(answer =>
        {
            SetResident(answer, 100L << 20);
            if (answer["room"] is { } room)
            {
                room["tightest"] = new JsonObject
                {
                    ["kind"] = "container",
                    ["limitBytes"] = 2L << 30,
                    ["usedBytes"] = (long)usedMiB << 20,
                };
                answer["advice"] = null;
            }
        });

        await Expect(page.Browser.Locator("#status .text")).ToContainTextAsync($"{word}: {text}");
    }

    [BrowserFact]
    public async Task Pressure_against_which_evicting_does_not_help_is_told_as_that()
    {
        await using AdminSite site = await AdminSite.StartAsync();
        await using AdminPage page = await chromium.OpenAsync(site);

        await page.PretendAsync(static answer =>
        {
            if (answer["room"] is { } room)
            {
                room["tightest"] = null;
                answer["caches"]![0]!["pressure"] = new JsonObject { ["isStopped"] = true, ["text"] = "It yields." };
            }

            foreach (JsonNode? sample in answer["samples"]?.AsArray() ?? [])
            {
                sample!["caches"]![0]!["effectiveMaxBytes"] = 6 << 20;
            }
        });

        await Expect(page.Browser.Locator("#status .text")).ToHaveTextAsync(
            "Under memory pressure, and evicting does not help: “catalog”: It yields.");
        await Expect(Fact(page, "Caches")).ToContainTextAsync("may hold 22 MiB now, of 32 MiB");
    }

    [BrowserFact]
    public async Task Limits_that_the_process_cannot_hold_are_told()
    {
        await using AdminSite site = await AdminSite.StartAsync(maxMemory: 1L << 50);
        await using AdminPage page = await chromium.OpenAsync(site);

        await Expect(page.Browser.Locator("#status .text")).ToContainTextAsync("Limits that do not fit: ");
        await Expect(page.Browser.Locator("#status .text")).ToContainTextAsync("Lower MaxMemory to");
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
