using System.Globalization;
using System.Net.Http.Json;
using BoundedCache.Browser.Tests.Support;
using BoundedCache.TestSupport;

namespace BoundedCache.Browser.Tests;

/// <summary>
/// Pictures of the example's page, for people to look at, in <c>artifacts/</c>. With
/// <c>BOUNDEDCACHE_SCREENSHOT_SECONDS</c> set they show so much of its life, which is how the
/// picture in its README is made.
/// </summary>
[Collection(BrowserTests.Name)]
public sealed class ScreenshotTests(BrowserFixture chromium)
{
    private const string SecondsVariable = "BOUNDEDCACHE_SCREENSHOT_SECONDS";

    [BrowserFact]
    public async Task The_page_of_the_example()
    {
        var life = TimeSpan.FromSeconds(
            double.Parse(Environment.GetEnvironmentVariable(SecondsVariable) ?? "0", CultureInfo.InvariantCulture));
        using var process = new ExampleProcess("AdminDashboard", "--port", "0");
        var address = new Uri(await process.WaitForAsync("Admin page: "));
        using var client = new HttpClient { BaseAddress = address };

        await Task.Delay(0.6 * life);
        using HttpResponseMessage response = await client.PutAsJsonAsync(
            "api/caches/catalog/limit", new { maxMemory = "64MB" });
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
        await Task.Delay(0.4 * life);

        await TakeAsync(address, Views.Of(1160, 880, ColorScheme.Light), "readme", isWhole: false);
        await TakeAsync(address, Views.Desktop(ColorScheme.Light), "light");
        await TakeAsync(address, Views.Desktop(ColorScheme.Dark), "dark");
        await TakeAsync(address, Views.Phone(), "phone");
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
