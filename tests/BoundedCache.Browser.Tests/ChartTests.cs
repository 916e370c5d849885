using System.Text.Json.Nodes;
using BoundedCache.Browser.Tests.Support;

namespace BoundedCache.Browser.Tests;

/// <summary>What the chart shows, whatever the limit is and however often it changed.</summary>
public sealed class ChartTests(BrowserFixture chromium) : IClassFixture<BrowserFixture>
{
    [BrowserTheory]
    [InlineData(64L << 30, "Limit 64 GiB ↑")]
    [InlineData(long.MaxValue / 2, "Limit 4096 PiB ↑")]
    public async Task A_limit_far_above_the_memory_is_a_mark_at_the_edge_and_the_scale_is_of_memory(
        long limit, string mark)
    {
        await using AdminSite site = await AdminSite.StartAsync(maxMemory: limit);
        await using AdminPage page = await chromium.OpenAsync(site);

        await Expect(page.Browser.Locator("#chart")).ToHaveAttributeAsync("data-limit", mark);
        await Expect(page.Browser.Locator("#chart canvas")).ToBeVisibleAsync();
        Assert.Empty(page.Faults);
    }

    [BrowserFact]
    public async Task The_highest_limit_there_is_has_labels_and_can_be_set()
    {
        await using AdminSite site = await AdminSite.StartAsync();
        await using AdminPage page = await chromium.OpenAsync(site);
        CacheCard card = page.Card(AdminSite.FirstName);

        await card.AskForLimitAsync(long.MaxValue.ToString(System.Globalization.CultureInfo.InvariantCulture));
        await page.AnswerAsync("Set the limit");

        await Expect(card.Outcome).ToContainTextAsync("Limit raised from 16 MiB to 8192 PiB");
        await Expect(card.Max).ToHaveTextAsync("8192 PiB");
        Assert.Equal(long.MaxValue, site.First.MaxMemory);
        await Expect(page.Browser.Locator("#chart")).ToHaveAttributeAsync("data-limit", "Limit 8192 PiB ↑");

        // With nothing but the limit shown, the scale is the limit's.
        foreach (string line in (string[])["resident", "committed", "live", "used"])
        {
            await page.Browser.Locator($"[data-line={line}]").ClickAsync();
        }

        await Expect(page.Browser.Locator("#chart")).ToHaveAttributeAsync("data-limit", "");
        Assert.Empty(page.Faults);
    }

    [BrowserFact]
    public async Task A_limit_that_is_near_is_in_the_scale()
    {
        await using AdminSite site = await AdminSite.StartAsync();
        await using AdminPage page = await chromium.OpenAsync(site);

        await Expect(page.Browser.Locator("#chart canvas")).ToBeVisibleAsync();
        await Expect(page.Browser.Locator("#chart")).ToHaveAttributeAsync("data-limit", "");
    }

    [BrowserFact]
    public async Task Twenty_shrinks_in_one_place_are_one_mark_that_counts_them()
    {
        await using AdminSite site = await AdminSite.StartAsync();
        for (int i = 0; i < 20; i++)
        {
            await site.First.SetMaxMemoryAsync((20 - i) << 19, ReleaseMode.None);
            using var client = new HttpClient();
            // Each is noted when somebody looks; otherwise the next sample would see only the last.
            await client.GetStringAsync(new Uri(site.PageAddress, "api/caches"));
        }

        await using AdminPage page = await chromium.OpenAsync(site);

        await Expect(page.Browser.Locator("#shrink-count")).ToHaveTextAsync("20");
        await Expect(page.Browser.Locator("#chart")).ToHaveAttributeAsync("data-marks", "1–20");
    }

    [BrowserFact]
    public async Task A_report_that_comes_late_is_marked_where_it_is_dated()
    {
        await using AdminSite site = await AdminSite.StartAsync();
        for (int i = 0; i < 3; i++)
        {
            await site.First.SetMaxMemoryAsync((10 - i) << 20, ReleaseMode.None);
            using var client = new HttpClient();
            await client.GetStringAsync(new Uri(site.PageAddress, "api/caches"));
        }

        await using AdminPage page = await chromium.OpenAsync(site);

        // The second came 8 s before the others; so its mark stands alone, left of theirs.
        await page.PretendAsync(static answer =>
        {
            if (answer["shrinks"] is JsonArray { Count: 3 } shrinks)
            {
                DateTimeOffset time = shrinks[0]!["time"]!.GetValue<DateTimeOffset>();
                shrinks[1]!["time"] = time.AddSeconds(-8);
                shrinks[2]!["time"] = time;
                foreach (JsonNode? sample in answer["samples"]!.AsArray().Take(1))
                {
                    sample!["time"] = time.AddSeconds(-15);
                }
            }
        });

        await Expect(page.Browser.Locator("#chart")).ToHaveAttributeAsync("data-marks", "2 | 1–3");
    }
}
