using BoundedCache.Browser.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace BoundedCache.Browser.Tests;

/// <summary>The page when it is opened.</summary>
public sealed class LoadTests(BrowserFixture chromium) : IClassFixture<BrowserFixture>
{
    [BrowserFact]
    public async Task It_loads_without_an_error_a_violation_of_its_policy_or_a_request_elsewhere()
    {
        await using AdminSite site = await AdminSite.StartAsync();
        await using AdminPage page = await chromium.OpenAsync(site);
        await Expect(page.Browser.Locator("#report-body .stack")).ToBeVisibleAsync();
        await Expect(page.Browser.Locator("#chart canvas")).ToBeVisibleAsync();

        Assert.Empty(page.Faults);
        Assert.All(page.Requests, address => Assert.Equal(
            site.PageAddress.GetLeftPart(UriPartial.Authority), address.GetLeftPart(UriPartial.Authority)));
        IResponse? response = await page.Browser.ReloadAsync();
        string? policy = await response!.HeaderValueAsync("content-security-policy");
        Assert.Contains("script-src 'self'", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
    }

    [BrowserFact]
    public async Task An_inline_script_would_be_noticed()
    {
        await using AdminSite site = await AdminSite.StartAsync();
        await using AdminPage page = await chromium.OpenAsync(site);

        await page.Browser.EvaluateAsync(
            "document.body.append(Object.assign(document.createElement('script'), { textContent: '1' }))");

        // The browser's own line, or the page's event, whichever comes first.
        await page.WaitForFaultAsync("script-src");
    }

    [BrowserFact]
    public async Task Its_address_without_a_slash_leads_to_it()
    {
        await using AdminSite site = await AdminSite.StartAsync();
        await using AdminPage page = await chromium.OpenAsync(new Uri(site.PageAddress.AbsoluteUri.TrimEnd('/')));

        await Expect(page.Connection).ToHaveTextAsync("Live");
        Assert.Equal(site.PageAddress.AbsoluteUri, page.Browser.Url);
    }

    [BrowserFact]
    public async Task Each_cache_has_a_card()
    {
        await using AdminSite site = await AdminSite.StartAsync(maxMemory: 32 << 20);
        await using AdminPage page = await chromium.OpenAsync(site);

        await Expect(page.Browser.GetByRole(AriaRole.Article)).ToHaveCountAsync(2);
        CacheCard card = page.Card(AdminSite.FirstName);
        await Expect(card.Max).ToHaveTextAsync("32 MiB");
        await Expect(card.Used).ToHaveTextAsync(ByteSize.Format(site.First.UsedMemory));
        await Expect(card.Count)
            .ToHaveTextAsync(site.First.Count.ToString("N0", System.Globalization.CultureInfo.InvariantCulture));
        await Expect(page.Card(AdminSite.SecondName).Max).ToHaveTextAsync("16 MiB");
    }

    [BrowserFact]
    public async Task Each_card_says_what_its_cache_evicts_first()
    {
        await using AdminSite site = await AdminSite.StartAsync(services: static services =>
            services.AddKeyedBoundedMemoryCache("scans", static cache =>
                (cache.MaxMemory, cache.EvictionPolicy) = (1 << 20, EvictionPolicy.ScanResistant)));
        await using AdminPage page = await chromium.OpenAsync(site);

        await Expect(page.Card("scans").Policy).ToHaveTextAsync("scan resistant");
        await Expect(page.Card(AdminSite.FirstName).Policy).ToHaveTextAsync("least recently used");
        await Expect(page.Card(AdminSite.FirstName).Policy).ToBeVisibleAsync();
    }

    [BrowserFact]
    public async Task The_memory_report_is_a_bar_and_a_table_that_adds_up()
    {
        await using AdminSite site = await AdminSite.StartAsync();
        await using AdminPage page = await chromium.OpenAsync(site);
        ILocator report = page.Browser.GetByRole(AriaRole.Region, new() { Name = "Where the memory is" });

        await Expect(report.GetByRole(AriaRole.Row, new() { NameRegex = new("^Caches") }))
            .ToContainTextAsync("accounted by");
        await Expect(report.Locator("tbody tr:not(.part)"))
            .ToHaveCountAsync(Enum.GetValues<MemoryReportRowKind>().Length);
        await Expect(report.GetByText("What to do")).ToBeVisibleAsync();

        foreach (string part in (string[])["Values not finished", "Given up under pressure"])
        {
            ILocator row = report.GetByRole(AriaRole.Row, new() { NameRegex = new($"^{part}") });
            await Expect(row.Locator("td:not(.basis)")).ToHaveTextAsync(["–", "–"]);
        }

        await report.GetByRole(AriaRole.Button, new() { Name = "Collect and look…" }).ClickAsync();
        await page.AnswerAsync("Collect and look");
        await Expect(report.GetByText("after a collection")).ToBeVisibleAsync();
    }

    [BrowserFact]
    public async Task Who_may_only_look_is_offered_nothing_else()
    {
        await using AdminSite site = await AdminSite.StartAsync(mayChange: false);
        await using AdminPage page = await chromium.OpenAsync(site);

        await Expect(page.Browser.GetByText("You may look at these caches, not change them.")).ToBeVisibleAsync();
        await Expect(page.Card(AdminSite.FirstName).Used).ToBeVisibleAsync();
        await Expect(page.Card(AdminSite.FirstName).Whole.Locator("form, button, input, select")).ToHaveCountAsync(0);
        await Expect(page.Browser.GetByRole(AriaRole.Button, new() { Name = "Collect and look…" })).ToBeHiddenAsync();
    }
}
