using System.Text.RegularExpressions;
using BoundedCache.Browser.Tests.Support;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.DependencyInjection;

namespace BoundedCache.Browser.Tests;

/// <summary>The page says what is so, of this process and of now, and says where it does not know.</summary>
public sealed class TruthTests(BrowserFixture chromium) : IClassFixture<BrowserFixture>
{
    [BrowserFact]
    public async Task A_raise_is_confirmed_as_that_and_stays_when_the_page_refreshes()
    {
        await using AdminSite site = await AdminSite.StartAsync();
        await using AdminPage page = await chromium.OpenAsync(site);
        CacheCard card = page.Card(AdminSite.FirstName);
        await card.AskForLimitAsync("4MB");
        await page.AnswerAsync("Lower the limit");
        await Expect(card.Outcome).ToContainTextAsync("Limit lowered from 16 MiB to 4 MiB");

        await card.AskForLimitAsync("20MB");
        await page.AnswerAsync("Set the limit");
        await Expect(card.Outcome).ToContainTextAsync("Limit raised from 4 MiB to 20 MiB");
        for (int i = 0; i < 2; i++)
        {
            await page.Browser.WaitForResponseAsync("**/api/caches");
            await Expect(card.Outcome).ToContainTextAsync("Limit raised from 4 MiB to 20 MiB");
        }

        await card.AskForLimitAsync("20MB");
        await page.AnswerAsync("Set the limit");
        await Expect(card.Outcome).ToContainTextAsync("Limit unchanged at 20 MiB");
        await page.Browser.WaitForResponseAsync("**/api/caches");
        await Expect(card.Outcome).ToContainTextAsync("Limit unchanged at 20 MiB");
        await Expect(card.Outcome.Locator("time"))
            .ToHaveTextAsync(new Regex("^\\d\\d:"));
        await Expect(page.Browser.Locator("#changes tr")).ToHaveCountAsync(3);
    }

    [BrowserFact]
    public async Task After_a_restart_nothing_of_the_dead_process_is_left()
    {
        AdminPage page;
        int port;
        await using (AdminSite site = await AdminSite.StartAsync())
        {
            port = site.PageAddress.Port;
            page = await chromium.OpenAsync(site);
            await page.Card(AdminSite.FirstName).AskForLimitAsync("3MB");
            await page.AnswerAsync("Lower the limit");
            await Expect(page.Card(AdminSite.FirstName).Outcome).ToContainTextAsync("Limit lowered");
            await Expect(page.Browser.Locator("#shrink-count")).ToHaveTextAsync("1");
            await page.Card(AdminSite.FirstName).AskForLimitAsync("2MB");
            await Expect(page.Dialog).ToContainTextAsync("From 3 MiB to 2 MiB");
        }

        await using (page)
        {
            await using AdminSite again = await AdminSite.StartAsync(port, maxMemory: 20 << 20);
            await Expect(page.Connection).ToHaveTextAsync("Live");

            // The question was about the dead process's cache.
            await Expect(page.Dialog).ToHaveCountAsync(0);
            await Expect(page.Browser.Locator("#no-caches")).ToBeHiddenAsync();
            Assert.Equal(20 << 20, again.First.MaxMemory);

            await Expect(page.Browser.Locator("#other-process")).ToContainTextAsync("was restarted");
            await Expect(page.Browser.Locator("#other-process"))
                .ToContainTextAsync($"PID {Environment.ProcessId} on {Environment.MachineName}");
            await Expect(page.Card(AdminSite.FirstName).Max).ToHaveTextAsync("20 MiB");
            await Expect(page.Card(AdminSite.FirstName).Outcome).ToBeEmptyAsync();
            await Expect(page.Browser.Locator("#shrink-count")).ToHaveTextAsync("0");
            await Expect(page.Browser.Locator("#change-count")).ToHaveTextAsync("0");
            await Expect(page.Browser.Locator("#report-body .stack")).ToBeVisibleAsync();
            await page.Browser.GetByText("The chart as a table").ClickAsync();
            await Expect(page.Browser.Locator("#samples-table tbody tr")).Not.ToHaveCountAsync(0);
            ILocator limits = page.Browser.Locator("#samples-table tbody tr td:last-child");
            Assert.DoesNotContain("19 MiB", await limits.AllInnerTextsAsync());
            await Expect(limits.Last).ToHaveTextAsync("36 MiB");
        }
    }

    [BrowserFact]
    public async Task When_nothing_came_for_3_seconds_every_figure_is_visibly_old_also_below_the_fold()
    {
        AdminPage page;
        await using (AdminSite site = await AdminSite.StartAsync())
        {
            page = await chromium.OpenAsync(site);
            await Expect(page.Browser.Locator("#report-body .stack")).ToBeVisibleAsync();
        }

        await using (page)
        {
            await Expect(page.Browser.Locator("body.old")).ToHaveCountAsync(1);
            var clock = new Regex("as of \\d\\d:\\d\\d:\\d\\d$");
            foreach (ILocator label in await page.Browser.Locator(".as-of").AllAsync())
            {
                await Expect(label).ToBeVisibleAsync();
                await Expect(label).ToHaveTextAsync(clock);
            }

            await Expect(page.Browser.Locator("#status")).ToContainTextAsync("Not known: no figures since");
            await page.Browser.EvaluateAsync("scrollTo(0, document.body.scrollHeight)");
            await Expect(page.Connection).ToBeInViewportAsync();
            await Expect(page.Connection).ToHaveTextAsync(
                new Regex("^\\s*Connection lost. As of \\d\\d:\\d\\d:\\d\\d\\s*$"));
            await Expect(page.Card(AdminSite.SecondName).Used).ToHaveCSSAsync("font-style", "italic");
        }
    }

    [BrowserTheory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task When_the_clock_of_the_service_goes_back_the_page_follows_it(bool hasStream)
    {
        var clock = new SteppingClock();
        await using AdminSite site = await AdminSite.StartAsync(configure: options => options.TimeProvider = clock);
        await using AdminPage page = await chromium.OpenAsync(site);
        if (!hasStream)
        {
            await page.Browser.RouteAsync("**/api/stream", static route => route.AbortAsync());
            await page.Browser.EvaluateAsync("dispatchEvent(new Event('pagehide'))");
        }

        await site.First.SetMaxMemoryAsync(12 << 20);
        await Expect(page.Card(AdminSite.FirstName).Outcome).ToContainTextAsync("to 12 MiB");
        clock.Offset = TimeSpan.FromMinutes(-50);
        AdminSite.Fill(site.Second, 12 << 20);
        await site.First.SetMaxMemoryAsync(11 << 20);

        await Expect(page.Browser.Locator("[data-line=used] .value"))
            .ToHaveTextAsync(ByteSize.Format(site.First.UsedMemory + site.Second.UsedMemory));
        await Expect(page.Card(AdminSite.FirstName).Outcome).ToContainTextAsync("to 11 MiB");
    }

    [BrowserFact]
    public async Task Where_the_service_hangs_the_figures_are_old_too()
    {
        await using AdminSite site = await AdminSite.StartAsync();
        await using AdminPage page = await chromium.OpenAsync(site);
        // Requests are taken and never answered, and the stream falls silent.
        await page.Browser.RouteAsync("**/api/**", static _ => { });
        await page.Browser.EvaluateAsync(
            "document.dispatchEvent(Object.assign(new Event('pagehide'))); dispatchEvent(new Event('pagehide'))");

        await Expect(page.Browser.Locator("body.old")).ToHaveCountAsync(1);
        await Expect(page.Connection).ToContainTextAsync("Connection lost. As of");
        await page.Browser.UnrouteAllAsync();
        await Expect(page.Browser.Locator("body.old")).ToHaveCountAsync(0);
    }

    [BrowserFact]
    public async Task Seven_open_tabs_all_show_figures_of_now_and_each_can_change()
    {
        await using AdminSite site = await AdminSite.StartAsync();
        await using AdminPage first = await chromium.OpenAsync(site);
        List<IPage> tabs = [first.Browser];
        for (int i = 0; i < 6; i++)
        {
            IPage tab = await first.Browser.Context.NewPageAsync();
            await tab.GotoAsync(site.PageAddress.AbsoluteUri);
            tabs.Add(tab);
        }

        AdminSite.Fill(site.First, 12 << 20);
        foreach (IPage tab in tabs)
        {
            ILocator card = tab.GetByRole(AriaRole.Article, new() { Name = AdminSite.FirstName, Exact = true });
            await Expect(card.Locator("[data-figure=used]")).ToHaveTextAsync(ByteSize.Format(site.First.UsedMemory));
            await Expect(tab.Locator("#connection")).ToHaveTextAsync(
                new Regex("^\\s*(Live|Polling. Two other tabs of this page)"));
        }

        await tabs[^1].BringToFrontAsync();
        ILocator last = tabs[^1].GetByRole(AriaRole.Article, new() { Name = AdminSite.FirstName, Exact = true });
        await last.GetByLabel("New limit").FillAsync("4MB");
        await last.GetByRole(AriaRole.Button, new() { Name = "Change limit…" }).ClickAsync();
        await tabs[^1].GetByRole(AriaRole.Button, new() { Name = "Lower the limit" }).ClickAsync();
        await Expect(last.Locator(".outcome")).ToContainTextAsync("Limit lowered from 16 MiB to 4 MiB");
    }

    [BrowserFact]
    public async Task A_hidden_tab_closes_its_stream_and_opens_it_when_it_is_seen_again()
    {
        await using AdminSite site = await AdminSite.StartAsync();
        await using AdminPage page = await chromium.OpenAsync(site);
        var closed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        page.Browser.RequestFailed += (_, request) =>
        {
            if (request.Url.EndsWith("/api/stream", StringComparison.Ordinal))
            {
                closed.TrySetResult();
            }
        };

        await page.Browser.EvaluateAsync(
            "Object.defineProperty(document, 'hidden', { get: () => window.isHidden, configurable: true });"
                + "window.isHidden = true; document.dispatchEvent(new Event('visibilitychange'))");
        await closed.Task.WaitAsync(TimeSpan.FromMilliseconds(BrowserFixture.Patience));
        int requests = page.Requests.Count;

        Task<IRequest> stream = page.Browser.WaitForRequestAsync("**/api/stream");
        await page.Browser.EvaluateAsync(
            "window.isHidden = false; document.dispatchEvent(new Event('visibilitychange'))");
        await stream;
        await Expect(page.Connection).ToHaveTextAsync("Live");
        Assert.InRange(page.Requests.Count - requests, 1, 20);
    }

    [BrowserFact]
    public async Task A_refused_stream_says_that_there_are_too_many_and_the_page_polls()
    {
        await using AdminSite site = await AdminSite.StartAsync();
        using var client = new HttpClient();
        List<HttpResponseMessage> streams = [];
        for (int i = 0; i < 32; i++)
        {
            streams.Add(await client.GetAsync(
                new Uri(site.PageAddress, "api/stream"), HttpCompletionOption.ResponseHeadersRead));
        }

        await using AdminPage page = await chromium.OpenAsync(site.PageAddress);

        await Expect(page.Connection).ToContainTextAsync("Polling. 32 streams are open, which is the most.");
        AdminSite.Fill(site.First, 12 << 20);
        await Expect(page.Card(AdminSite.FirstName).Used).ToHaveTextAsync(ByteSize.Format(site.First.UsedMemory));
        streams.ForEach(static stream => stream.Dispose());
    }

    [BrowserFact]
    public async Task A_request_without_an_answer_ends_with_a_message()
    {
        await using AdminSite site = await AdminSite.StartAsync();
        await using AdminPage page = await chromium.OpenAsync(site);
        await page.Browser.RouteAsync("**/limit/preview**", static _ => { });
        CacheCard card = page.Card(AdminSite.FirstName);

        await card.Limit.FillAsync("4MB");

        await Expect(card.LimitProblem).ToContainTextAsync("The service did not answer within 15 s.");
    }

    [BrowserFact]
    public async Task A_number_without_a_unit_asks_whether_bytes_are_meant()
    {
        await using AdminSite site = await AdminSite.StartAsync();
        await using AdminPage page = await chromium.OpenAsync(site);
        CacheCard card = page.Card(AdminSite.FirstName);

        await card.AskForLimitAsync("512");

        await Expect(card.Preview).ToContainTextAsync("512 bytes? For 512 MiB write 512MB.");
        await Expect(page.Dialog).ToContainTextAsync("Do you mean 512 bytes?");
        await Expect(page.Dialog).ToContainTextAsync("For 512 MiB write 512MB.");
        await page.AnswerAsync("Cancel");
        Assert.Equal(AdminSite.MaxMemory, site.First.MaxMemory);

        await card.AskForLimitAsync("512MB");
        await Expect(page.Dialog).Not.ToContainTextAsync("Do you mean");
        await page.AnswerAsync("Cancel");
    }

    [BrowserFact]
    public async Task A_cache_with_declared_sizes_has_a_limit_in_units()
    {
        await using AdminSite site = await AdminSite.StartAsync(services: static services =>
            services.AddKeyedBoundedMemoryCache(
                "units", static cache => (cache.Sizing, cache.MaxMemory) = (EntrySizing.Declared, 5000)));
        await using AdminPage page = await chromium.OpenAsync(site);
        CacheCard card = page.Card("units");

        await Expect(card.Whole.GetByLabel("New limit, in units")).ToHaveAttributeAsync("placeholder", "1000");
        await Expect(page.Card(AdminSite.FirstName).Limit).ToHaveAttributeAsync("placeholder", "512MB");
        await Expect(card.Max).ToHaveTextAsync("5,000 units");
        await card.Whole.GetByLabel("New limit, in units").FillAsync("512");
        await Expect(card.Preview).ToHaveTextAsync("Evicts nothing.");
    }

    [BrowserFact]
    public async Task What_happens_to_a_cache_with_declared_sizes_is_told_in_units_everywhere()
    {
        await using AdminSite site = await AdminSite.StartAsync(services: static services =>
            services.AddKeyedBoundedMemoryCache(
                "units", static cache => (cache.Sizing, cache.MaxMemory) = (EntrySizing.Declared, 5000)));
        BoundedMemoryCache cache = site.Services.GetRequiredKeyedService<BoundedMemoryCache>("units");
        for (int i = 0; i < 10; i++)
        {
            cache.Set(i, i, new MemoryCacheEntryOptions { Size = 100 });
        }

        await using AdminPage page = await chromium.OpenAsync(site);
        CacheCard card = page.Card("units");

        await card.Whole.GetByLabel("New limit, in units").FillAsync("500");
        await Expect(card.Preview).ToContainTextAsync("Evicts about 5 entries, 500 units.");
        await card.Button("Change limit…").ClickAsync();
        await Expect(page.Dialog).ToContainTextAsync("From 5,000 units to 500 units.");
        await page.AnswerAsync("Lower the limit");
        await Expect(card.Outcome).ToContainTextAsync(
            "Limit lowered from 5,000 units to 500 units: 5 entries (500 units) evicted");
        await card.Button("Clear…").ClickAsync();
        await page.AnswerAsync("Remove everything");
        await Expect(card.Outcome).ToContainTextAsync("5 entries (500 units) removed; 0 entries (0 units) left.");
        ILocator changes = page.Browser.Locator("#changes tr");
        await Expect(changes.Last).ToContainTextAsync("Limit 5,000 units → 500 units");
        await Expect(changes.First).ToContainTextAsync("Cleared: 5 entries removed, 500 units");
        await page.Browser.GetByText("Shrinks and releases").ClickAsync();
        await Expect(page.Browser.Locator("#shrink-list")).ToContainTextAsync("from 5,000 units to 500 units");
    }

    /// <summary>A clock whose time a test sets back, and whose timers go on.</summary>
    private sealed class SteppingClock : TimeProvider
    {
        private long _offset;

        public TimeSpan Offset
        {
            get => new(Interlocked.Read(ref _offset));
            set => Interlocked.Exchange(ref _offset, value.Ticks);
        }

        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + Offset;
    }
}
