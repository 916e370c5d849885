using BoundedCache.Browser.Tests.Support;

namespace BoundedCache.Browser.Tests;

/// <summary>The page without a mouse.</summary>
public sealed class KeyboardTests(BrowserFixture chromium) : IClassFixture<BrowserFixture>
{
    private const int MostSteps = 100;

    [BrowserFact]
    public async Task A_limit_is_lowered_with_the_keyboard_alone()
    {
        await using AdminSite site = await AdminSite.StartAsync();
        await using AdminPage page = await chromium.OpenAsync(site);
        CacheCard card = page.Card(AdminSite.FirstName);

        await page.Browser.Keyboard.PressAsync("Tab");
        await Expect(page.Browser.GetByRole(AriaRole.Link, new() { Name = "Skip to the caches" })).ToBeFocusedAsync();
        await page.Browser.Keyboard.PressAsync("Enter");
        await TabToAsync(page, card.Limit);
        await page.Browser.Keyboard.TypeAsync("4MB");
        await TabToAsync(page, card.Whole.GetByLabel("Then give memory back"));
        await page.Browser.Keyboard.TypeAsync("not");
        await page.Browser.Keyboard.PressAsync("Shift+Tab");
        await page.Browser.Keyboard.PressAsync("Enter");
        await Expect(page.Dialog).ToBeVisibleAsync();
        await TabToAsync(page, page.Dialog.GetByRole(AriaRole.Button, new() { Name = "Lower the limit" }));
        await page.Browser.Keyboard.PressAsync("Enter");

        await Expect(card.Outcome).ToContainTextAsync("Limit lowered from 16 MiB to 4 MiB");
        await Expect(card.Outcome).ToContainTextAsync("Memory kept");
        await Expect(card.Limit).ToBeFocusedAsync();
        Assert.Equal(4 << 20, site.First.MaxMemory);
    }

    [BrowserFact]
    public async Task Every_control_is_reached_and_shows_the_focus()
    {
        await using AdminSite site = await AdminSite.StartAsync();
        await using AdminPage page = await chromium.OpenAsync(site);

        // Controls may come while the page is read: those are reached in another round.
        string[] missing = ["all"];
        for (int i = 0; i < 2 * MostSteps && missing.Length > 0; i++)
        {
            await page.Browser.Keyboard.PressAsync("Tab");
            string[] focused = await page.Browser.EvaluateAsync<string[]>(
                """
                () => {
                  const focused = document.activeElement;
                  const shown = focused.type === 'radio' ? focused.nextElementSibling : focused;
                  focused.isReached = true;
                  const isControl = focused.matches('a, button, input, select, summary');
                  return [
                    isControl ? getComputedStyle(shown).outlineStyle : '',
                    focused.outerHTML.slice(0, 80),
                  ];
                }
                """);
            Assert.True(focused[0] != "none", $"{focused[1]} does not show the focus.");
            missing = await page.Browser.EvaluateAsync<string[]>(
                "[...document.querySelectorAll('a, button, input, select, summary')].filter(e => e.checkVisibility() "
                    + "&& (e.type !== 'radio' || e.checked) && !e.isReached).map(e => e.outerHTML.slice(0, 80))");
        }

        Assert.Empty(missing);
    }

    [BrowserFact]
    public async Task A_line_of_the_chart_is_hidden_and_shown_again_with_the_space_bar()
    {
        await using AdminSite site = await AdminSite.StartAsync();
        await using AdminPage page = await chromium.OpenAsync(site);
        ILocator line = page.Browser.Locator("[data-line=committed]");

        await line.FocusAsync();
        await page.Browser.Keyboard.PressAsync("Space");
        await Expect(line).ToHaveAttributeAsync("aria-pressed", "false");
        await page.Browser.Keyboard.PressAsync("Space");
        await Expect(line).ToHaveAttributeAsync("aria-pressed", "true");
    }

    private static async Task TabToAsync(AdminPage page, ILocator target)
    {
        for (int i = 0; i < MostSteps; i++)
        {
            await page.Browser.Keyboard.PressAsync("Tab");
            if (await target.EvaluateAsync<bool>("element => element === document.activeElement"))
            {
                return;
            }
        }

        Assert.Fail($"{target} was not reached within {MostSteps} steps.");
    }
}
