using System.Globalization;
using BoundedCache.Browser.Tests.Support;

namespace BoundedCache.Browser.Tests;

/// <summary>What the page shows without being asked.</summary>
public sealed class LiveTests(BrowserFixture chromium) : IClassFixture<BrowserFixture>
{
    [BrowserFact]
    public async Task Figures_follow_the_caches()
    {
        await using AdminSite site = await AdminSite.StartAsync();
        await using AdminPage page = await chromium.OpenAsync(site);

        AdminSite.Fill(site.First, 12 << 20);

        await Expect(page.Card(AdminSite.FirstName).Used).ToHaveTextAsync(ByteSize.Format(site.First.UsedMemory));
        await Expect(page.Browser.Locator("[data-line=used] .value"))
            .ToHaveTextAsync(ByteSize.Format(site.First.UsedMemory + site.Second.UsedMemory));
        await Expect(page.Browser.Locator("[data-line=max] .value")).ToHaveTextAsync("32 MiB");
        await page.Browser.GetByRole(AriaRole.Combobox, new() { Name = "Caches" })
            .SelectOptionAsync(AdminSite.SecondName);
        await Expect(page.Browser.Locator("[data-line=max] .value")).ToHaveTextAsync("16 MiB");
    }

    [BrowserFact]
    public async Task A_shrink_that_somebody_else_asked_for_is_marked_and_told()
    {
        await using AdminSite site = await AdminSite.StartAsync();
        await using AdminPage page = await chromium.OpenAsync(site);
        await Expect(page.Browser.Locator("#shrink-count")).ToHaveTextAsync("0");

        await site.First.SetMaxMemoryAsync(3 << 20);

        await Expect(page.Browser.Locator("#shrink-count")).ToHaveTextAsync("1");
        await page.Browser.GetByText("Shrinks and releases").ClickAsync();
        await Expect(page.Browser.Locator("#shrink-list")).ToContainTextAsync("Limit lowered from 16 MiB to 3 MiB");
        await Expect(page.Card(AdminSite.FirstName).Outcome).ToContainTextAsync("Limit lowered from 16 MiB to 3 MiB");
    }

    [BrowserFact]
    public async Task What_happens_between_two_streams_is_not_lost()
    {
        await using AdminSite site = await AdminSite.StartAsync(
            configure: static options => options.SampleInterval = TimeSpan.FromMinutes(5));
        await using AdminPage page = await chromium.OpenAsync(site);
        var gate = new TaskCompletionSource();
        await page.Browser.RouteAsync("**/api/stream", async route =>
        {
            await gate.Task;
            await route.ContinueAsync();
        });

        // The stream breaks, and it opens again before its silence is noticed. No sample comes meanwhile.
        Task<IRequest> again = page.Browser.WaitForRequestAsync("**/api/stream");
        await page.Browser.EvaluateAsync("dispatchEvent(new Event('pagehide'))");
        await again;
        await site.First.SetMaxMemoryAsync(3 << 20);
        using var client = new HttpClient();
        await client.GetStringAsync(new Uri(site.PageAddress, "api/caches"));
        gate.SetResult();

        await Expect(page.Browser.Locator("#shrink-count")).ToHaveTextAsync("1");
    }

    [BrowserTheory]
    [InlineData("**/api/history**")]
    [InlineData("**/api/stream")]
    public async Task What_happened_while_a_tab_was_hidden_is_in_the_chart_whatever_comes_first_and_is_drawn_once(
        string late)
    {
        await using AdminSite site = await AdminSite.StartAsync();
        await using AdminPage page = await chromium.OpenAsync(site);
        await page.Browser.EvaluateAsync(
            "Object.defineProperty(document, 'hidden', { get: () => window.isHidden, configurable: true });"
                + "window.isHidden = true; document.dispatchEvent(new Event('visibilitychange'))");
        await page.Browser.WaitForTimeoutAsync(6000);
        var gate = new TaskCompletionSource();
        await page.Browser.RouteAsync(late, async route =>
        {
            await gate.Task;
            await route.ContinueAsync();
        });

        // Each drawing of another second sets the time above the chart.
        AdminSite.Fill(site.First, 12 << 20);
        await page.Browser.EvaluateAsync(
            """
            () => {
              const label = document.querySelector('#moment');
              window.drawn = 0;
              window.shownAt = performance.now();
              new MutationObserver(() => window.drawn++).observe(label, { childList: true });
              window.isHidden = false;
              document.dispatchEvent(new Event('visibilitychange'));
            }
            """);
        await Expect(page.Browser.Locator("[data-line=used] .value"))
            .ToHaveTextAsync(ByteSize.Format(site.First.UsedMemory + site.Second.UsedMemory));
        // Each second that passes is drawn once.
        int[] drawn = await page.Browser.EvaluateAsync<int[]>(
            "[window.drawn, Math.ceil((performance.now() - window.shownAt) / 1000)]");
        Assert.InRange(drawn[0], 1, 3 + drawn[1]);
        gate.SetResult();

        await Expect(page.Connection).ToHaveTextAsync("Live");
        await page.Browser.Locator("input[name=span][value='60']").EvaluateAsync("input => input.click()");
        double longest = double.MaxValue;
        for (int i = 0; i < 40 && longest > 2; i++)
        {
            await page.Browser.Locator("#samples").EvaluateAsync("details => details.open = false");
            await page.Browser.Locator("#samples").EvaluateAsync("details => details.open = true");
            await page.Browser.WaitForTimeoutAsync(100);
            IReadOnlyList<string> rows = await page.Browser.Locator("#samples-table tbody th").AllInnerTextsAsync();
            TimeSpan[] times = [.. rows.Select(static row => TimeSpan.Parse(row, CultureInfo.InvariantCulture))];
            longest = times.Zip(times.Skip(1), static (later, earlier) => (later - earlier).TotalSeconds).Max();
        }

        Assert.InRange(longest, 0, 2);
    }

    [BrowserFact]
    public async Task The_table_shows_what_the_chart_shows()
    {
        await using AdminSite site = await AdminSite.StartAsync();
        await using AdminPage page = await chromium.OpenAsync(site);

        await page.Browser.GetByText("The chart as a table").ClickAsync();

        ILocator table = page.Browser.Locator("#samples-table");
        await Expect(table.GetByRole(AriaRole.Columnheader))
            .ToHaveTextAsync(["Time", "RSS", "Committed", "Live heap", "Caches used", "Limit"]);
        await Expect(table.Locator("tbody tr").First.GetByRole(AriaRole.Cell).Last).ToHaveTextAsync("32 MiB");
    }

    [BrowserFact]
    public async Task When_the_service_restarts_the_page_says_that_it_is_gone_and_finds_the_new_one()
    {
        AdminPage page;
        int port;
        await using (AdminSite site = await AdminSite.StartAsync())
        {
            port = site.PageAddress.Port;
            page = await chromium.OpenAsync(site);
        }

        await using (page)
        {
            await Expect(page.Connection).ToContainTextAsync("Connection lost. As of ");

            await using AdminSite again = await AdminSite.StartAsync(port, maxMemory: 20 << 20);

            await Expect(page.Connection).ToHaveTextAsync("Live");
            await Expect(page.Card(AdminSite.FirstName).Max).ToHaveTextAsync("20 MiB");
            await Expect(page.Browser.Locator("#trouble")).ToBeEmptyAsync();
        }
    }

    [BrowserFact]
    public async Task A_page_that_stays_open_keeps_all_hours_and_thins_the_older_ones()
    {
        await using AdminSite site = await AdminSite.StartAsync();
        await using AdminPage page = await chromium.OpenAsync(site);

        double[] kept = await page.Browser.EvaluateAsync<double[]>(
            """
            async () => {
              const { Timeline } = await import(new URL('assets/timeline.js', location.href).href);
              const timeline = new Timeline();
              const sample = (second) => ({
                time: new Date(second * 1000).toISOString(), residentBytes: second % 60 === 30 ? 200 : 100, caches: [],
              });
              timeline.load({
                samples: Array.from({ length: 7200 }, (_, i) => sample(i)), shrinks: [], changes: [],
              });
              for (let second = 7200; second < 9000; second++) {
                timeline.addSamples([sample(second)]);
              }

              const { samples } = timeline;
              return [samples.length, samples[0].seconds, samples[0].residentBytes, samples.at(-1).seconds];
            }
            """);

        Assert.InRange(kept[0], 600, 7200);
        Assert.Equal([30, 200, 8999], kept[1..]);
        Assert.Empty(page.Faults);
    }
}
