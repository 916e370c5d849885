using System.Globalization;
using System.Net.Http.Json;
using BoundedCache.Browser.Tests.Support;
using BoundedCache.TestSupport;
using Microsoft.Extensions.DependencyInjection;

namespace BoundedCache.Browser.Tests;

/// <summary>
/// Pictures of the example's page, for people to look at, in <c>artifacts/</c>. With
/// <c>BOUNDEDCACHE_SCREENSHOT_SECONDS</c> set they show so much of its life, which is how the
/// picture in its README is made, and each state in the dark theme too.
/// </summary>
public sealed class ScreenshotTests(BrowserFixture chromium) : IClassFixture<BrowserFixture>
{
    private const string SecondsVariable = "BOUNDEDCACHE_SCREENSHOT_SECONDS";

    [BrowserFact]
    public async Task The_page_of_the_example()
    {
        var life = TimeSpan.FromSeconds(
            double.Parse(Environment.GetEnvironmentVariable(SecondsVariable) ?? "0", CultureInfo.InvariantCulture));
        using var process = new ProgramProcess("examples/AdminDashboard", "--port", "0");
        var address = new Uri(await process.WaitForAsync("Admin page: "));
        using var client = new HttpClient { BaseAddress = address };

        await Task.Delay(0.6 * life);
        using HttpResponseMessage response = await client.PutAsJsonAsync(
            "api/caches/catalog/limit", new { maxMemory = "64MB" });
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
        await Task.Delay(0.4 * life);

        await TakeAsync(address, Views.Create(1160, 880, ColorScheme.Light), "readme", isWhole: false);
        await TakeAsync(address, Views.Desktop(ColorScheme.Light), "light");
        await TakeAsync(address, Views.Desktop(ColorScheme.Dark), "dark");
        await TakeAsync(address, Views.Phone(), "phone");
    }

    [BrowserFact]
    public async Task The_page_in_each_state_at_three_widths_in_both_themes()
    {
        await using (AdminSite site = await AdminSite.StartAsync())
        {
            await using AdminPage page = await chromium.OpenAsync(site);
            await TakeAllAsync(page, "healthy");
            var isTaken = new TaskCompletionSource();
            await page.Browser.RouteAsync("**/api/operations/**", async route =>
            {
                await isTaken.Task;
                await route.ContinueAsync();
            });
            CacheCard card = page.Card(AdminSite.FirstName);
            await card.AskForLimitAsync("3MB");
            await page.AnswerAsync("Lower the limit");
            await Expect(card.Whole.Locator(".progress")).ToBeVisibleAsync();
            await TakeAllAsync(page, "shrinking");
            isTaken.SetResult();
            await Expect(card.Outcome).ToContainTextAsync("Limit lowered");
            await TakeAllAsync(page, "shrunk");
            Assert.Empty(page.Faults);
        }

        AdminPage dead;
        await using (AdminSite site = await AdminSite.StartAsync())
        {
            dead = await chromium.OpenAsync(site);
            await Expect(dead.Browser.Locator("#report-body .stack")).ToBeVisibleAsync();
        }

        await using (dead)
        {
            await Expect(dead.Browser.Locator("body.old")).ToHaveCountAsync(1);
            await TakeAllAsync(dead, "dead");
        }

        await using (AdminSite site = await AdminSite.StartAsync())
        {
            await using AdminPage page = await chromium.OpenAsync(site);
            await page.Browser.RouteAsync("**/api/stream", static route => route.AbortAsync());
            await page.Browser.RouteAsync(
                new System.Text.RegularExpressions.Regex("/api/(caches|history.*)$"),
                static async route =>
                {
                    IAPIResponse answer = await route.FetchAsync();
                    string text = (await answer.TextAsync()).Replace(
                        "\"effectiveMaxBytes\":16777216", "\"effectiveMaxBytes\":6291456", StringComparison.Ordinal);
                    await route.FulfillAsync(new RouteFulfillOptions { Response = answer, Body = text });
                });
            await page.Browser.ReloadAsync();
            await Expect(page.Browser.Locator("#status")).ToContainTextAsync("Under memory pressure");
            await TakeAllAsync(page, "pressure");
        }

        await using (AdminSite site = await AdminSite.StartAsync(services: static services =>
            services.AddKeyedBoundedByteCache("pages", static options => options.MaxMemory = AdminSite.MaxMemory)))
        {
            BoundedByteCache pages = site.Services.GetRequiredKeyedService<BoundedByteCache>("pages");
            for (int i = 0; i < 4_000; i++)
            {
                pages.Set($"page:{i}", new byte[8_000]);
            }

            await pages.SetMaxMemoryAsync(4 << 20);
            await using AdminPage page = await chromium.OpenAsync(site);
            await Expect(page.Card("pages").Outcome).ToContainTextAsync("Limit lowered");
            await TakeAllAsync(page, "bytes");
        }

        await using (AdminSite site = await ManyCachesTests.StartAsync())
        {
            await using AdminPage page = await chromium.OpenAsync(site);
            await TakeAllAsync(page, "fifty");
        }
    }

    private static async Task TakeAllAsync(AdminPage page, string state)
    {
        string directory = Path.Combine(SourceTree.FindRoot(), "artifacts", "screenshots");
        Directory.CreateDirectory(directory);
        foreach (ColorScheme scheme in (ColorScheme[])[ColorScheme.Light, ColorScheme.Dark])
        {
            await page.Browser.EmulateMediaAsync(new PageEmulateMediaOptions { ColorScheme = scheme });
            foreach (int width in (int[])[1440, 800, 380])
            {
                await page.Browser.SetViewportSizeAsync(width, 900);
                Assert.Empty(await page.WiderThanWindowAsync());
                if (scheme == ColorScheme.Dark && Environment.GetEnvironmentVariable(SecondsVariable) is null)
                {
                    continue;
                }

                string name = $"{state}-{width}-{scheme.ToString().ToLowerInvariant()}.png";
                byte[] picture = await page.Browser.ScreenshotAsync(
                    new PageScreenshotOptions { Path = Path.Combine(directory, name), FullPage = true });
                Assert.NotEmpty(picture);
            }
        }
    }

    private async Task TakeAsync(Uri address, BrowserNewContextOptions view, string name, bool isWhole = true)
    {
        await using AdminPage page = await chromium.OpenAsync(address, view);
        await Expect(page.Connection).ToHaveTextAsync("Live");
        await Expect(page.Browser.Locator("#report-body .stack")).ToBeVisibleAsync();
        await Expect(page.Card("catalog").Outcome).ToContainTextAsync("Limit lowered");

        string directory = Path.Combine(SourceTree.FindRoot(), "artifacts", "screenshots");
        Directory.CreateDirectory(directory);
        byte[] picture = await page.Browser.ScreenshotAsync(
            new PageScreenshotOptions { Path = Path.Combine(directory, $"admin-{name}.png"), FullPage = isWhole });

        Assert.Empty(page.Faults);
        Assert.NotEmpty(picture);
    }
}
