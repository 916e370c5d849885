using System.Text.Json.Nodes;
using BoundedCache.Browser.Tests.Support;

namespace BoundedCache.Browser.Tests;

/// <summary>The page at several sizes and in both themes.</summary>
public sealed class LayoutTests(BrowserFixture chromium) : IClassFixture<BrowserFixture>
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

    [BrowserTheory]
    [InlineData(1280)]
    [InlineData(800)]
    public async Task Limits_that_caches_yield_of_need_no_scrolling_aside(int width)
    {
        await using AdminSite site = await AdminSite.StartAsync();
        await using AdminPage page = await chromium.OpenAsync(site);
        await page.PretendAsync(static answer =>
        {
            JsonNode?[] caches =
            [
                .. answer["caches"]?.AsArray() ?? [],
                .. (answer["samples"]?.AsArray() ?? []).SelectMany(static sample => sample!["caches"]!.AsArray()),
            ];
            foreach (JsonNode? cache in caches.Where(static cache => cache!["effectiveMaxBytes"] is not null))
            {
                cache!["effectiveMaxBytes"] = 6 << 20;
            }
        });
        await page.Browser.SetViewportSizeAsync(width, 900);

        await Expect(page.Browser.Locator("#caches-table tbody .col-max").First)
            .ToHaveTextAsync("6 MiB now, of 16 MiB");
        double hidden = await page.Browser.Locator("#caches-table").EvaluateAsync<double>(
            "(table) => table.parentElement.scrollWidth - table.parentElement.clientWidth");
        Assert.InRange(hidden, 0, 1);
    }

    [BrowserTheory]
    [InlineData(1280, "127.0.0.1")]
    [InlineData(800, "127.0.0.1")]
    [InlineData(380, "127.0.0.1")]
    [InlineData(320, "configuration")]
    [InlineData(380, "someone.with.a.long.name@department.example.com from 2001:db8:85a3:8d3:1319:8a2e:370:7348")]
    public async Task Who_changed_what_is_read_without_scrolling_aside(int width, string who)
    {
        await using AdminSite site = await AdminSite.StartAsync();
        await using AdminPage page = await chromium.OpenAsync(site);
        await site.First.SetMaxMemoryAsync(4 << 20);
        await page.PretendAsync(answer =>
        {
            if (answer["changes"]?.AsArray() is [{ } change])
            {
                (change["who"], change["outcome"]) = (who, "partial");
            }
        });
        await page.Browser.SetViewportSizeAsync(width, 900);

        ILocator by = page.Browser.Locator("#changes .by");
        await Expect(by).ToHaveTextAsync(who);
        string[] faults = await page.Browser.EvaluateAsync<string[]>(
            """
            () => [document.getElementById('changes-region'), ...document.querySelectorAll('#changes tr > *')]
              .filter((part) => part.scrollWidth > part.clientWidth + 1)
              .map((part) => `${part.textContent} needs ${part.scrollWidth} px, has ${part.clientWidth}`)
            """);
        Assert.Empty(faults);
        double lines = await by.EvaluateAsync<double>(
            """
            (cell) => {
              const text = document.createRange();
              text.selectNodeContents(cell);
              return new Set([...text.getClientRects()].map((line) => Math.round(line.top))).size;
            }
            """);
        Assert.InRange(lines, 1, who.Length < 20 ? 1 : 3);
    }

    [BrowserFact]
    public async Task Where_a_change_is_lines_it_is_a_row_of_the_table_still()
    {
        await using AdminSite site = await AdminSite.StartAsync();
        await using AdminPage page = await chromium.OpenAsync(site, Views.Phone());
        await site.First.SetMaxMemoryAsync(4 << 20);

        ILocator table = page.Browser.GetByRole(AriaRole.Region, new() { Name = "Changes" }).GetByRole(AriaRole.Table);
        await Expect(table).ToMatchAriaSnapshotAsync(
            """
            - table:
              - rowgroup:
                - row "Time Cache Change By Outcome"
              - rowgroup:
                - row:
                  - rowheader
                  - cell "catalog"
                  - cell "Limit 16 MiB → 4 MiB"
                  - cell
                  - cell
            """);

        // This browser keeps the roles of table parts that are laid out otherwise; not every one does.
        Assert.True(
            await page.Browser.EvaluateAsync<bool>(
                "[...document.querySelectorAll('.changes, .changes :not(time)')].every(part => part.role)"));
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
