using BoundedCache.Browser.Tests.Support;

namespace BoundedCache.Browser.Tests;

/// <summary>The page at several sizes and in both themes.</summary>
[Collection(BrowserTests.Name)]
public sealed class LayoutTests(BrowserFixture chromium)
{
    [BrowserFact]
    public async Task Nothing_is_wider_than_the_window()
    {
        await using AdminSite site = await AdminSite.StartAsync();
        await using AdminPage page = await chromium.OpenAsync(site);
        await site.First.SetMaxMemoryAsync(3 << 20);
        await Expect(page.Card(AdminSite.FirstName).Outcome).ToContainTextAsync("Limit lowered");
        await Expect(page.Browser.Locator("#report-body .stack")).ToBeVisibleAsync();
        await page.Browser.EvaluateAsync(
            "document.querySelectorAll('details').forEach(details => details.open = true)");

        foreach (int width in (int[])[1280, 1000, 768, 360, 320])
        {
            await page.Browser.SetViewportSizeAsync(width, 800);
            Assert.Empty(await page.WiderThanWindowAsync());

            await page.Card(AdminSite.SecondName).AskForLimitAsync("1MB");
            await Expect(page.Dialog).ToBeVisibleAsync();
            Assert.Empty(await page.WiderThanWindowAsync());
            await page.AnswerAsync("Cancel");
        }
    }

    [BrowserFact]
    public async Task The_chart_keeps_to_its_place_when_the_window_narrows()
    {
        await using AdminSite site = await AdminSite.StartAsync();
        await using AdminPage page = await chromium.OpenAsync(site);
        await Expect(page.Browser.Locator("#chart canvas")).ToBeVisibleAsync();

        await page.Browser.SetViewportSizeAsync(360, 800);

        await page.Browser.WaitForFunctionAsync("() => document.querySelector('#chart .uplot').offsetWidth === "
            + "document.querySelector('#chart').clientWidth");
    }

    [BrowserFact]
    public async Task The_theme_is_the_systems_and_changes_with_it()
    {
        await using AdminSite site = await AdminSite.StartAsync();
        await using AdminPage page = await chromium.OpenAsync(site);
        await Expect(page.Browser.Locator("body")).ToHaveCSSAsync("background-color", "rgb(246, 248, 250)");
        await Expect(page.Browser.Locator("#chart canvas")).ToHaveCountAsync(1);

        await page.Browser.EmulateMediaAsync(new PageEmulateMediaOptions { ColorScheme = ColorScheme.Dark });

        await Expect(page.Browser.Locator("body")).ToHaveCSSAsync("background-color", "rgb(13, 17, 23)");
        await Expect(page.Browser.Locator("#chart canvas")).ToHaveCountAsync(1);
        Assert.Empty(page.Faults);
    }
}
