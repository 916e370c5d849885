using BoundedCache.Browser.Tests.Support;

namespace BoundedCache.Browser.Tests;

/// <summary>What else can be done to a cache: release, compact, clear.</summary>
[Collection(BrowserTests.Name)]
public sealed class ActionTests(BrowserFixture chromium)
{
    [BrowserFact]
    public async Task Clearing_asks_and_removes_everything()
    {
        await using AdminSite site = await AdminSite.StartAsync();
        await using AdminPage page = await chromium.OpenAsync(site);
        CacheCard card = page.Card(AdminSite.FirstName);

        await card.Button("Clear…").ClickAsync();
        await page.AnswerAsync("Cancel");
        Assert.NotEqual(0, site.First.Count);

        await card.Button("Clear…").ClickAsync();
        await page.AnswerAsync("Remove everything");
        await Expect(card.Outcome).ToContainTextAsync("removed; 0 entries (0 B) left.");
        await Expect(card.Count).ToHaveTextAsync("0");
        Assert.Equal(0, site.First.Count);
        Assert.NotEqual(0, site.Second.Count);
    }

    [BrowserFact]
    public async Task Compacting_takes_the_share_that_was_given_and_no_nonsense()
    {
        await using AdminSite site = await AdminSite.StartAsync();
        await using AdminPage page = await chromium.OpenAsync(site);
        CacheCard card = page.Card(AdminSite.FirstName);
        int entries = site.First.Count;
        await card.Button("Compact…").ClickAsync();
        ILocator share = page.Dialog.GetByLabel("Share of entries to remove, in percent");
        await Expect(share).ToBeFocusedAsync();

        await share.FillAsync("250");
        await page.AnswerAsync("Compact");
        await Expect(page.Dialog.GetByText("Give a number above 0 and up to 100.")).ToBeVisibleAsync();
        Assert.Equal(entries, site.First.Count);

        await share.FillAsync("50");
        await page.AnswerAsync("Compact");
        await Expect(card.Outcome).ToContainTextAsync("removed;");
        Assert.InRange(site.First.Count, (entries / 2) - 2, (entries / 2) + 2);
    }

    [BrowserFact]
    public async Task Releasing_reports_and_too_many_releases_are_refused_on_the_card()
    {
        await using AdminSite site = await AdminSite.StartAsync(
            configure: static options => options.ReleasesPerMinute = 1);
        await using AdminPage page = await chromium.OpenAsync(site);
        CacheCard card = page.Card(AdminSite.FirstName);
        int entries = site.First.Count;

        await card.Button("Release memory…").ClickAsync();
        await page.AnswerAsync("Release memory");
        await Expect(card.Outcome).ToContainTextAsync("Released on request, nothing evicted.");
        await Expect(card.Button("Release memory…")).Not.ToHaveAttributeAsync("aria-disabled", "true");

        await card.Button("Release memory…").ClickAsync();
        await page.AnswerAsync("Release memory");
        await Expect(card.Problem).ToContainTextAsync("Ask again in");
        Assert.Equal(entries, site.First.Count);
    }
}
