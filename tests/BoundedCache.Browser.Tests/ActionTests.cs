using BoundedCache.Browser.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace BoundedCache.Browser.Tests;

/// <summary>What else can be done to a cache: release, compact, clear.</summary>
public sealed class ActionTests(BrowserFixture chromium) : IClassFixture<BrowserFixture>
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

    [BrowserFact]
    public async Task Of_a_byte_cache_nothing_is_said_that_holds_only_where_garbage_is_collected()
    {
        await using AdminSite site = await AdminSite.StartAsync(
            configure: static options => options.ReleasesPerMinute = 1,
            services: static services =>
                services.AddKeyedBoundedByteCache("blobs", static options => options.MaxMemory = 16 << 20));
        BoundedByteCache cache = site.Services.GetRequiredKeyedService<BoundedByteCache>("blobs");
        for (int i = 0; i < 4000; i++)
        {
            cache.Set($"key{i}", new byte[2000]);
        }

        await using AdminPage page = await chromium.OpenAsync(site);
        CacheCard card = page.Card("blobs");
        await Expect(page.Card(AdminSite.FirstName).Whole.GetByLabel("Then give memory back")).ToBeVisibleAsync();
        await Expect(card.Whole.GetByLabel("Then give memory back")).ToHaveCountAsync(0);

        for (int i = 0; i < 2; i++)
        {
            await card.Button("Release memory…").ClickAsync();
            await Expect(page.Dialog).ToContainTextAsync("given back at once, without a garbage collection");
            await Expect(page.Dialog).Not.ToContainTextAsync("waits");
            await page.AnswerAsync("Release memory");
            await Expect(card.Outcome).ToContainTextAsync("Released on request, nothing evicted.");
            await Expect(card.Button("Release memory…")).Not.ToHaveAttributeAsync("aria-disabled", "true");
        }

        await Expect(card.Problem).ToBeEmptyAsync();
        await card.Button("Compact…").ClickAsync();
        await Expect(page.Dialog).ToContainTextAsync("and gives their memory back");
        await page.AnswerAsync("Cancel");

        await card.AskForLimitAsync("4MB");
        await Expect(page.Dialog).ToContainTextAsync("given back at once, without a garbage collection");
        await page.AnswerAsync("Lower the limit");
        await Expect(card.Outcome).ToContainTextAsync("Limit lowered from 16 MiB to 4 MiB");
        Assert.Equal(4 << 20, cache.MaxMemory);
        Assert.Empty(page.Faults);
    }

    [BrowserFact]
    public async Task A_question_that_stands_open_is_not_exchanged_for_another_one()
    {
        await using AdminSite site = await AdminSite.StartAsync();
        await using AdminPage page = await chromium.OpenAsync(site);
        var gate = new TaskCompletionSource();
        await page.Browser.RouteAsync("**/limit/preview**", async route =>
        {
            await gate.Task;
            await route.ContinueAsync();
        });
        CacheCard card = page.Card(AdminSite.FirstName);
        await card.AskForLimitAsync("4MB");
        await Expect(card.Button("Clear…")).ToHaveAttributeAsync("aria-disabled", "true");
        await card.Button("Clear…").ClickAsync(new LocatorClickOptions { Force = true });
        await Expect(page.Dialog).ToHaveCountAsync(0);

        await page.Card(AdminSite.SecondName).Button("Clear…").ClickAsync();
        await Expect(page.Dialog).ToContainTextAsync("Remove everything from “sessions”?");
        gate.SetResult();
        await Expect(card.Preview).ToContainTextAsync("Evicts about");
        await Expect(card.Button("Clear…")).Not.ToHaveAttributeAsync("aria-disabled", "true");
        await Expect(page.Dialog).ToContainTextAsync("Remove everything from “sessions”?");
        await page.AnswerAsync("Cancel");
        Assert.Equal(AdminSite.MaxMemory, site.First.MaxMemory);
    }

    [BrowserFact]
    public async Task It_shows_who_changed_what()
    {
        await using AdminSite site = await AdminSite.StartAsync();
        await using AdminPage page = await chromium.OpenAsync(site);
        CacheCard card = page.Card(AdminSite.FirstName);

        await card.AskForLimitAsync("4MB");
        await page.AnswerAsync("Lower the limit");
        await Expect(card.Outcome).ToContainTextAsync("Limit lowered");

        ILocator row = page.Browser.Locator("#changes tr");
        await Expect(row).ToHaveCountAsync(1);
        await Expect(row.Locator("td").Nth(0)).ToHaveTextAsync(AdminSite.FirstName);
        await Expect(row.Locator("td").Nth(1)).ToHaveTextAsync("Limit 16 MiB → 4 MiB");
        await Expect(row.Locator("td").Nth(2)).ToHaveTextAsync("127.0.0.1");
        await Expect(row.Locator("td").Nth(3)).ToHaveTextAsync(new System.Text.RegularExpressions.Regex("released$"));
    }

    [BrowserFact]
    public async Task It_shows_what_a_cache_holds_largest_first()
    {
        await using AdminSite site = await AdminSite.StartAsync();
        site.First.Set("a", "a text");
        await using AdminPage page = await chromium.OpenAsync(site);

        ILocator contents = page.Card(AdminSite.FirstName).Whole.Locator(".contents");
        await contents.Locator("summary").ClickAsync();

        ILocator rows = contents.Locator("tbody tr");
        await Expect(rows.Locator("th")).ToHaveTextAsync(["Byte[]", "String"]);
        await Expect(rows.First.Locator("td").Nth(0)).ToHaveTextAsync(
            new System.Text.RegularExpressions.Regex("^8(\\.\\d+)? MiB$"));
        await Expect(rows.Last.Locator("td").Last).ToHaveTextAsync("1");
    }

    [BrowserTheory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public async Task Beginnings_of_keys_are_shown_largest_first_only_with_the_option_to_who_may_change(
        bool isOption, bool mayChange)
    {
        await using AdminSite site = await AdminSite.StartAsync(
            mayChange: mayChange, configure: options => options.ShowKeyPrefixes = isOption);
        for (int i = 0; i < 3; i++)
        {
            site.First.Set($"user/hidden{i}", new byte[100_000]);
            site.First.Set(i, "a text");
        }

        await using AdminPage page = await chromium.OpenAsync(site);
        ILocator contents = page.Card(AdminSite.FirstName).Whole.Locator(".contents");

        await contents.Locator("summary").ClickAsync();

        await Expect(contents.GetByText("Type of value")).ToBeVisibleAsync();
        ILocator prefixes = contents.Locator("table").Filter(new() { HasText = "Keys that begin with" });
        await Expect(prefixes).ToHaveCountAsync(isOption && mayChange ? 1 : 0);
        if (isOption && mayChange)
        {
            await Expect(prefixes.Locator("tbody th")).ToHaveTextAsync(["entry:", "user/", "keys of the type Int32"]);
            ILocator user = prefixes.Locator("tbody tr").Nth(1).Locator("td");
            await Expect(user.Nth(0)).ToHaveTextAsync(new System.Text.RegularExpressions.Regex("^293(\\.\\d+)? KiB$"));
            await Expect(user.Nth(1)).ToHaveTextAsync(new System.Text.RegularExpressions.Regex("^3(\\.\\d)? %$"));
            await Expect(user.Nth(2)).ToHaveTextAsync("3");
        }
        else
        {
            await Expect(contents).Not.ToContainTextAsync("entry");
        }

        await Expect(contents).Not.ToContainTextAsync("hidden");
    }
}
