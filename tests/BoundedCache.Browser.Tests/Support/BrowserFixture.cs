namespace BoundedCache.Browser.Tests.Support;

/// <summary>
/// One browser for the tests of a class, which take turns with it; each gets a profile of its own. Classes run beside
/// each other: most of the time a page is waited for.
/// </summary>
public sealed class BrowserFixture : IAsyncLifetime
{
    /// <summary>
    /// How long anything is waited for, in milliseconds; far more than it takes, also on a machine that
    /// is busy with other things.
    /// </summary>
    public const float Patience = 60_000;

    private IPlaywright? _playwright;
    private IBrowser? _browser;

    public async Task InitializeAsync()
    {
        if (Chromium.Path is null)
        {
            // Where it may be missing the tests are skipped, and this is not asked for a page.
            return;
        }

        SetDefaultExpectTimeout(Patience);
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = Chromium.Path,
            Args = Chromium.Arguments,
            Timeout = 3 * Patience,
        });
    }

    /// <summary>Opens the admin page of a site, and waits until it is live.</summary>
    internal async Task<AdminPage> OpenAsync(AdminSite site, BrowserNewContextOptions? options = null)
    {
        AdminPage page = await OpenAsync(site.PageAddress, options);
        await Expect(page.Connection).ToHaveTextAsync("Live");
        return page;
    }

    /// <summary>Opens an admin page.</summary>
    internal async Task<AdminPage> OpenAsync(Uri address, BrowserNewContextOptions? options = null)
    {
        IBrowser browser = _browser ?? throw new InvalidOperationException(Chromium.Missing);
        return await AdminPage.OpenAsync(await browser.NewContextAsync(options ?? Views.Desktop()), address);
    }

    public async Task DisposeAsync()
    {
        if (_browser is not null)
        {
            await _browser.DisposeAsync();
        }

        _playwright?.Dispose();
    }
}
