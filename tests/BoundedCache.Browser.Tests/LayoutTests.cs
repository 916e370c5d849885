using BoundedCache.Browser.Tests.Support;

namespace BoundedCache.Browser.Tests;

/// <summary>The page at several sizes and in both themes.</summary>
[Collection(BrowserTests.Name)]
public sealed class LayoutTests(BrowserFixture chromium)
{
    [BrowserTheory]
    [InlineData(320, ColorScheme.Light)]
    [InlineData(360, ColorScheme.Dark)]
    [InlineData(768, ColorScheme.Light)]
    [InlineData(1280, ColorScheme.Dark)]
    public async Task Nothing_is_wider_than_the_window(int width, ColorScheme scheme)
    {
        await using AdminSite site = await AdminSite.StartAsync();
        await using AdminPage page = await chromium.OpenAsync(site, Views.Of(width, 800, scheme));
        await site.First.SetMaxMemoryAsync(3 << 20);
        await Expect(page.Card(AdminSite.FirstName).Outcome).ToContainTextAsync("Limit lowered");
        await page.Browser.EvaluateAsync("document.querySelectorAll('details').forEach(details => details.open = true)");

        Assert.Equal(0, await page.OverflowAsync());

        await page.Card(AdminSite.SecondName).AskForLimitAsync("1MB");
        await Expect(page.Dialog).ToBeVisibleAsync();
        Assert.Equal(0, await page.OverflowAsync());
    }

    [BrowserFact]
    public async Task The_chart_keeps_to_its_width_when_the_window_narrows()
    {
        await using AdminSite site = await AdminSite.StartAsync();
        await using AdminPage page = await chromium.OpenAsync(site);
        ILocator canvas = page.Browser.Locator("#chart canvas");
        await Expect(canvas).ToBeVisibleAsync();

        await page.Browser.SetViewportSizeAsync(360, 800);

        await Expect(canvas).Not.ToHaveCSSAsync("width", "0px");
        Assert.Equal(0, await page.OverflowAsync());
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
