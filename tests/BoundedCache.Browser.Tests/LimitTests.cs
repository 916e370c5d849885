using BoundedCache.Browser.Tests.Support;

namespace BoundedCache.Browser.Tests;

/// <summary>Changing a limit on the page: preview, question, report.</summary>
public sealed class LimitTests(BrowserFixture chromium) : IClassFixture<BrowserFixture>
{
    [BrowserFact]
    public async Task Lowering_it_says_what_goes_asks_and_reports()
    {
        await using AdminSite site = await AdminSite.StartAsync();
        await using AdminPage page = await chromium.OpenAsync(site);
        CacheCard card = page.Card(AdminSite.FirstName);

        await card.Limit.FillAsync("2MB");
        await Expect(card.Preview).ToHaveTextAsync(new System.Text.RegularExpressions.Regex(
            @"^Evicts about 1,\d00 entries, 6(\.\d+)? MiB\.$"));
        Assert.Equal(AdminSite.MaxMemory, site.First.MaxMemory);

        await card.Button("Change limit…").ClickAsync();
        await Expect(page.Dialog).ToContainTextAsync("From 16 MiB to 2 MiB. Evicts about 1,");
        Assert.Equal(AdminSite.MaxMemory, site.First.MaxMemory);

        await page.AnswerAsync("Lower the limit");
        await Expect(card.Outcome).ToContainTextAsync("Limit lowered from 16 MiB to 2 MiB: 1,");
        await Expect(card.Outcome.Locator(".before-after li")).ToHaveCountAsync(3);
        await Expect(card.Max).ToHaveTextAsync("2 MiB");
        await Expect(card.Limit).ToHaveValueAsync("");
        Assert.Equal(2 << 20, site.First.MaxMemory);
        Assert.InRange(site.First.UsedMemory, 1, 2 << 20);
        Assert.Equal(AdminSite.MaxMemory, site.Second.MaxMemory);
        Assert.Empty(page.Faults);
    }

    [BrowserFact]
    public async Task Raising_it_evicts_nothing()
    {
        await using AdminSite site = await AdminSite.StartAsync();
        await using AdminPage page = await chromium.OpenAsync(site);
        CacheCard card = page.Card(AdminSite.SecondName);
        int entries = site.Second.Count;

        await card.AskForLimitAsync("64 MiB");
        await Expect(page.Dialog).ToContainTextAsync("Evicts nothing.");
        await page.AnswerAsync("Set the limit");

        await Expect(card.Max).ToHaveTextAsync("64 MiB");
        Assert.Equal((64 << 20, entries), (site.Second.MaxMemory, site.Second.Count));
    }

    [BrowserFact]
    public async Task Not_confirming_changes_nothing_and_gives_the_focus_back()
    {
        await using AdminSite site = await AdminSite.StartAsync();
        await using AdminPage page = await chromium.OpenAsync(site);
        CacheCard card = page.Card(AdminSite.FirstName);
        int entries = site.First.Count;
        Func<Task>[] refusals = [() => page.AnswerAsync("Cancel"), () => page.Browser.Keyboard.PressAsync("Escape")];
        foreach (Func<Task> refuseAsync in refusals)
        {
            await card.AskForLimitAsync("1MB");
            await Expect(page.Dialog.GetByRole(AriaRole.Button, new() { Name = "Cancel" })).ToBeFocusedAsync();
            await refuseAsync();

            await Expect(page.Dialog).ToBeHiddenAsync();
            await Expect(card.Button("Change limit…")).ToBeFocusedAsync();
            await Expect(card.Limit).ToHaveValueAsync("1MB");
        }

        Assert.DoesNotContain(
            page.Requests, static address => address.AbsolutePath.EndsWith("/limit", StringComparison.Ordinal));
        Assert.Equal((AdminSite.MaxMemory, entries), (site.First.MaxMemory, site.First.Count));
    }

    [BrowserFact]
    public async Task What_is_no_limit_is_said_at_the_field_and_not_asked()
    {
        string[] texts =
            ["100 potatoes", "0", "-1MB", "1e9", "NaN", "99999999999999999999GB", "<img src=x>&maxMemory=1MB", "512KB"];
        await using AdminSite site = await AdminSite.StartAsync(
            configure: static options => options.MinimumLimit = 1 << 20);
        await using AdminPage page = await chromium.OpenAsync(site);
        CacheCard card = page.Card(AdminSite.FirstName);

        foreach (string text in texts)
        {
            await card.AskForLimitAsync(text);

            await Expect(card.LimitProblem).Not.ToBeEmptyAsync();
            await Expect(card.Limit).ToHaveAttributeAsync("aria-invalid", "true");
            await Expect(card.Limit).ToBeFocusedAsync();
            await Expect(page.Dialog).ToBeHiddenAsync();

            await card.Limit.FillAsync("8MB");
            await Expect(card.LimitProblem).ToBeEmptyAsync();
            await Expect(card.Limit).ToHaveAttributeAsync("aria-invalid", "false");
        }

        Assert.Equal(AdminSite.MaxMemory, site.First.MaxMemory);
    }
}
