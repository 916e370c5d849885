using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using BoundedCache.Browser.Tests.Support;
using Deque.AxeCore.Commons;
using Deque.AxeCore.Playwright;

namespace BoundedCache.Browser.Tests;

/// <summary>The page as axe-core judges it: names, roles, structure, and the contrast of every text.</summary>
public sealed class AccessibilityTests(BrowserFixture chromium) : IClassFixture<BrowserFixture>
{
    [BrowserTheory]
    [InlineData(ColorScheme.Light)]
    [InlineData(ColorScheme.Dark)]
    public async Task It_has_no_violation_whatever_is_open(ColorScheme scheme)
    {
        await using AdminSite site = await AdminSite.StartAsync();
        await using AdminPage page = await chromium.OpenAsync(site, Views.Desktop(scheme));
        await site.First.SetMaxMemoryAsync(3 << 20);
        await Expect(page.Card(AdminSite.FirstName).Outcome).ToContainTextAsync("Limit lowered");
        await Expect(page.Browser.Locator("#report-body .stack")).ToBeVisibleAsync();
        await page.Browser.EvaluateAsync(
            "document.querySelectorAll('details').forEach(details => details.open = true)");
        await page.Card(AdminSite.SecondName).AskForLimitAsync("a lot");
        await Expect(page.Card(AdminSite.SecondName).LimitProblem).Not.ToBeEmptyAsync();
        await AssertCleanAsync(page);

        await page.Card(AdminSite.FirstName).Button("Compact…").ClickAsync();
        await page.Dialog.GetByRole(AriaRole.Spinbutton).FillAsync("0");
        await page.AnswerAsync("Compact");
        await AssertCleanAsync(page);
    }

    [BrowserFact]
    public async Task It_has_no_violation_on_a_phone_or_for_who_may_only_look()
    {
        await using AdminSite site = await AdminSite.StartAsync(mayChange: false);
        await using AdminPage page = await chromium.OpenAsync(site, Views.Phone());
        await Expect(page.Browser.Locator("#report-body .stack")).ToBeVisibleAsync();

        await AssertCleanAsync(page);
    }

    [BrowserFact]
    public async Task What_happens_is_announced()
    {
        await using AdminSite site = await AdminSite.StartAsync();
        await using AdminPage page = await chromium.OpenAsync(site);
        CacheCard card = page.Card(AdminSite.FirstName);

        await Expect(card.Outcome).ToHaveAttributeAsync("aria-live", "polite");
        await Expect(card.Preview).ToHaveAttributeAsync("aria-live", "polite");
        await Expect(card.LimitProblem).ToHaveAttributeAsync("role", "alert");
        await Expect(card.Problem).ToHaveAttributeAsync("role", "alert");
        await Expect(page.Connection).ToHaveAttributeAsync("role", "status");
        await Expect(card.Limit).ToHaveAccessibleDescriptionAsync("");
        await card.Limit.FillAsync("2MB");
        await Expect(card.Limit)
            .ToHaveAccessibleDescriptionAsync(new Regex("^Evicts about"));
    }

    [BrowserFact]
    public async Task Of_the_status_only_the_judgement_is_announced_and_no_figure()
    {
        await using AdminSite site = await AdminSite.StartAsync();
        await using AdminPage page = await chromium.OpenAsync(site);
        ILocator announced = page.Browser.Locator("#judgement");
        await Expect(announced).ToHaveAttributeAsync("role", "status");
        string word = (await announced.TextContentAsync())!;
        Assert.NotEmpty(word);
        Assert.DoesNotMatch("[0-9]", word);
        await Expect(page.Browser.Locator("#status .text")).ToHaveTextAsync(new Regex($"^{Regex.Escape(word)}: "));

        Assert.False(await page.Browser.Locator("#status").EvaluateAsync<bool>(
            "status => status.closest('[aria-live], [role=status], [role=alert]') !== null "
                + "|| status.querySelector('[aria-live], [role=status], [role=alert]') !== null"));
    }

    [BrowserFact]
    public async Task With_forced_colours_it_has_no_violation_and_what_colours_tell_is_still_told()
    {
        await using AdminSite site = await AdminSite.StartAsync();
        await using AdminPage page = await chromium.OpenAsync(site);
        await Expect(page.Browser.Locator("#report-body .stack")).ToBeVisibleAsync();
        await page.Browser.EmulateMediaAsync(new PageEmulateMediaOptions { ForcedColors = ForcedColors.Active });
        await AssertCleanAsync(page);

        string[] meter = await page.Browser.EvaluateAsync<string[]>(
            """
            () => {
              const colour = (selector) => getComputedStyle(document.querySelector(selector)).backgroundColor;
              return [colour('.card .meter'), colour('.card .meter .fill'), colour('body'), colour('.status .tone')];
            }
            """);
        Assert.NotEqual(meter[0], meter[1]);
        Assert.NotEqual(meter[2], meter[3]);
        Assert.Empty(page.Faults);
    }

    [BrowserFact]
    public async Task With_fifty_caches_it_has_no_violation()
    {
        await using AdminSite site = await ManyCachesTests.StartAsync();
        await using AdminPage page = await chromium.OpenAsync(site);
        await Expect(page.Browser.Locator("#report-body .stack")).ToBeVisibleAsync();

        await AssertCleanAsync(page);
    }

    [BrowserFact]
    public async Task Under_pressure_and_behind_a_dead_service_it_has_no_violation()
    {
        AdminPage page;
        await using (AdminSite site = await AdminSite.StartAsync())
        {
            page = await chromium.OpenAsync(site);
            await page.PretendAsync(static answer =>
            {
                foreach (JsonNode? each in (JsonNode?[])[answer, .. answer["samples"]?.AsArray() ?? []])
                {
                    if (each!["caches"]?[0] is { } cache)
                    {
                        cache["effectiveMaxBytes"] = 6 << 20;
                    }
                }
            });
            await Expect(page.Browser.Locator("#status")).ToContainTextAsync("Under memory pressure");
            await Expect(page.Browser.Locator("#report-body .stack")).ToBeVisibleAsync();
            await AssertCleanAsync(page);
        }

        await using (page)
        {
            await page.Browser.UnrouteAllAsync();
            await Expect(page.Browser.Locator("body.old")).ToHaveCountAsync(1);
            await AssertCleanAsync(page);
        }
    }

    private static async Task AssertCleanAsync(AdminPage page)
    {
        AxeResult result = await page.Browser.RunAxe();

        Assert.True(result.Passes.Length > 10, "axe-core has judged next to nothing.");
        Assert.True(
            result.Violations.Length == 0,
            string.Join('\n', result.Violations.Select(static violation => $"{violation.Id}: {violation.Help}: "
                + $"{string.Join(", ", violation.Nodes.Select(static node => node.Html))}")));
    }
}
