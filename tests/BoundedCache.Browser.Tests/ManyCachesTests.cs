using BoundedCache.Browser.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace BoundedCache.Browser.Tests;

/// <summary>The page with fifty caches.</summary>
public sealed class ManyCachesTests(BrowserFixture chromium) : IClassFixture<BrowserFixture>
{
    private const int Extra = 48;

    [BrowserFact]
    public async Task They_are_a_table_fullest_first_with_few_tab_stops_and_details_on_demand()
    {
        await using AdminSite site = await StartAsync();
        await using AdminPage page = await chromium.OpenAsync(site);
        ILocator rows = page.Browser.Locator("#caches-table tbody tr");

        await Expect(rows).ToHaveCountAsync(Extra + 2);
        await Expect(rows.First.Locator("th")).ToHaveTextAsync("cache 47");
        await Expect(rows.Nth(1).Locator("th")).ToHaveTextAsync("cache 46");
        await Expect(page.Browser.GetByRole(AriaRole.Article)).ToHaveCountAsync(0);
        int controls = await page.Browser.EvaluateAsync<int>(
            "[...document.querySelectorAll('a, button, input, select, "
                + "summary')].filter(e => e.checkVisibility()).length");
        int height = await page.Browser.EvaluateAsync<int>("document.documentElement.scrollHeight");
        Assert.InRange(controls, 50, 90);
        Assert.InRange(height, 1000, 4500);
        Assert.True(
            await page.Browser.EvaluateAsync<bool>("document.getElementById('report').getBoundingClientRect().top < "
                + "document.getElementById('caches').getBoundingClientRect().top"));

        ILocator button = page.Browser.GetByRole(AriaRole.Button, new() { Name = "cache 46", Exact = true });
        await button.ClickAsync();
        await Expect(button).ToHaveAttributeAsync("aria-expanded", "true");
        await Expect(page.Card("cache 46").Limit).ToBeVisibleAsync();
        await Expect(page.Browser.GetByRole(AriaRole.Article)).ToHaveCountAsync(1);
        await button.ClickAsync();
        await Expect(page.Browser.GetByRole(AriaRole.Article)).ToHaveCountAsync(0);
        Assert.Empty(page.Faults);
    }

    [BrowserFact]
    public async Task They_are_sorted_by_any_column_and_filtered_by_name()
    {
        await using AdminSite site = await StartAsync();
        await using AdminPage page = await chromium.OpenAsync(site);
        ILocator rows = page.Browser.Locator("#caches-table tbody tr:not([hidden])");

        await page.Browser.GetByRole(AriaRole.Button, new() { Name = "Cache", Exact = true }).ClickAsync();
        await Expect(rows.First.Locator("th")).ToHaveTextAsync("cache 00");
        await page.Browser.GetByRole(AriaRole.Button, new() { Name = "Entries", Exact = true }).ClickAsync();
        await Expect(rows.First.Locator("th")).ToHaveTextAsync(AdminSite.FirstName);
        await Expect(page.Browser.GetByRole(AriaRole.Columnheader, new() { Name = "Entries" }))
            .ToHaveAttributeAsync("aria-sort", "descending");
        await page.Browser.GetByRole(AriaRole.Button, new() { Name = "Entries", Exact = true }).ClickAsync();
        await Expect(page.Browser.GetByRole(AriaRole.Columnheader, new() { Name = "Entries" }))
            .ToHaveAttributeAsync("aria-sort", "ascending");

        await page.Browser.GetByLabel("Filter").FillAsync("CACHE 1");
        await Expect(rows).ToHaveCountAsync(10);
        await page.Browser.GetByLabel("Filter").FillAsync("none like this");
        await Expect(page.Browser.GetByText("No cache has such a name.")).ToBeVisibleAsync();
    }

    internal static async Task<AdminSite> StartAsync()
    {
        AdminSite site = await AdminSite.StartAsync(services: static services =>
        {
            for (int i = 0; i < Extra; i++)
            {
                services.AddKeyedBoundedMemoryCache($"cache {i:00}", static cache => cache.MaxMemory = 1 << 20);
            }
        });
        for (int i = 0; i < Extra; i++)
        {
            AdminSite.Fill(
                site.Services.GetRequiredKeyedService<BoundedMemoryCache>($"cache {i:00}"), (i + 1) * (20 << 10));
        }

        return site;
    }
}
