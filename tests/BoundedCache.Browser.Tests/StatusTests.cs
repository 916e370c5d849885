using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Text.Json.Nodes;
using BoundedCache.Browser.Tests.Support;

namespace BoundedCache.Browser.Tests;

/// <summary>What the page says at its top: whether memory is fine, and why not.</summary>
public sealed class StatusTests(BrowserFixture chromium) : IClassFixture<BrowserFixture>
{
    [BrowserFact]
    public async Task An_RSS_that_is_not_known_is_no_figure()
    {
        await using AdminSite site = await AdminSite.StartAsync();
        await using AdminPage page = await chromium.OpenAsync(site);

        await page.PretendAsync(static answer => SetResident(answer, null));

        await Expect(page.Browser.Locator("#status")).ToContainTextAsync("RSS is not known here");
        await Expect(page.Browser.Locator("[data-line=resident] .value")).ToHaveTextAsync("unknown");
        await Expect(Fact(page, "RSS")).ToContainTextAsync("unknown");
        await page.Browser.GetByText("The chart as a table").ClickAsync();
        await Expect(page.Browser.Locator("#samples-table tbody tr").First.Locator("td").First)
            .ToHaveTextAsync("unknown");
        Assert.DoesNotContain(page.Faults, static fault => !fault.Contains("ERR_FAILED", StringComparison.Ordinal));
    }

    [BrowserFact]
    public async Task Where_only_the_stream_still_answers_the_bar_says_how_old_the_rest_is()
    {
        await using AdminSite site = await AdminSite.StartAsync();
        await using AdminPage page = await chromium.OpenAsync(site);

        await page.Browser.RouteAsync("**/api/caches", static route => route.AbortAsync());

        await Expect(page.Connection).ToHaveTextAsync(new System.Text.RegularExpressions.Regex(
            "^\\s*Live, but details and advice are as of \\d\\d:\\d\\d:\\d\\d\\s*$"));
        await page.Browser.UnrouteAllAsync();
        await Expect(page.Connection).ToHaveTextAsync("Live");
    }

    [BrowserTheory]
    [InlineData(1024, "Fine", "1 GiB of 2 GiB are in use (50 %), 100 MiB by this process.")]
    [InlineData(1800, "Near the container’s limit", "1.76 GiB of 2 GiB are in use (88 %), 100 MiB by this process.")]
    [InlineData(
        1946, "Close to the container’s limit", "1.9 GiB of 2 GiB are in use (95 %), 100 MiB by this process.")]
    public async Task The_status_is_of_what_all_processes_under_the_limit_use(int usedMiB, string word, string text)
    {
        await using AdminSite site = await AdminSite.StartAsync();
        await using AdminPage page = await chromium.OpenAsync(site);

        await page.PretendAsync(answer =>
        {
            SetResident(answer, 100L << 20);
            if (answer["room"] is { } room)
            {
                room["tightest"] = new JsonObject
                {
                    ["kind"] = "container",
                    ["limitBytes"] = 2L << 30,
                    ["usedBytes"] = (long)usedMiB << 20,
                };
                answer["advice"] = null;
            }
        });

        await Expect(page.Browser.Locator("#status .text")).ToContainTextAsync($"{word}: {text}");
    }

    [BrowserFact]
    public async Task Pressure_against_which_evicting_does_not_help_is_told_as_that()
    {
        await using AdminSite site = await AdminSite.StartAsync();
        await using AdminPage page = await chromium.OpenAsync(site);

        await page.PretendAsync(static answer =>
        {
            if (answer["room"] is { } room)
            {
                room["tightest"] = null;
                answer["caches"]![0]!["pressure"] = new JsonObject { ["isStopped"] = true, ["text"] = "It yields." };
            }

            foreach (JsonNode? sample in answer["samples"]?.AsArray() ?? [])
            {
                sample!["caches"]![0]!["effectiveMaxBytes"] = 6 << 20;
            }
        });

        await Expect(page.Browser.Locator("#status .text")).ToHaveTextAsync(
            "Under memory pressure, and evicting does not help: “catalog”: It yields.");
        await Expect(Fact(page, "Caches")).ToContainTextAsync("may hold 22 MiB now, of 32 MiB");
    }

    [BrowserFact]
    public async Task A_cache_that_yields_is_told_with_the_limit_that_is_near()
    {
        await using AdminSite site = await AdminSite.StartAsync();
        await using AdminPage page = await chromium.OpenAsync(site);

        await page.PretendAsync(static answer =>
        {
            if (answer["room"] is { } room)
            {
                room["tightest"] = null;
                answer["caches"]![0]!["pressure"] = new JsonObject { ["isStopped"] = false, ["text"] = "It yields." };
            }

            foreach (JsonNode? sample in answer["samples"]?.AsArray() ?? [])
            {
                sample!["caches"]![0]!["effectiveMaxBytes"] = 6 << 20;
            }
        });

        await Expect(page.Browser.Locator("#status .text")).ToHaveTextAsync(
            "Under memory pressure: “catalog” may for now hold 6 MiB of 16 MiB. It yields.");
    }

    [BrowserFact]
    public async Task Limits_that_the_process_cannot_hold_are_told()
    {
        await using AdminSite site = await AdminSite.StartAsync(maxMemory: 1L << 50);
        await using AdminPage page = await chromium.OpenAsync(site);

        await Expect(page.Browser.Locator("#status .text")).ToContainTextAsync("Limits that do not fit: ");
        await Expect(page.Browser.Locator("#status .text")).ToContainTextAsync("Lower MaxMemory to");
    }

    [BrowserFact]
    public async Task At_a_glance_it_shows_figures_that_are_so()
    {
        await using AdminSite site = await AdminSite.StartAsync();
        await using AdminPage page = await chromium.OpenAsync(site);
        using var client = new HttpClient();
        JsonNode list = JsonNode.Parse(await client.GetStringAsync(new Uri(site.PageAddress, "api/caches")))!;
        await Expect(page.Browser.Locator("#service")).ToHaveTextAsync(list["service"]!["name"]!.GetValue<string>());

        for (int i = 0; i < 100; i++)
        {
            site.First.TryGetValue(i < 75 ? "entry:1" : "nothing", out _);
        }

        await Expect(Fact(page, "Hit ratio").Locator(".value")).ToHaveTextAsync("75 %");
        AdminSite.Fill(site.First, AdminSite.MaxMemory - (64 << 10));
        for (int i = 0; i < 1000; i++)
        {
            site.First.Set($"more:{i}", new byte[4000]);
        }

        long evicted = site.First.GetSnapshot().Evictions.Capacity.Entries;
        Assert.InRange(evicted, 900, 1100);
        await Expect(Fact(page, "Caches").Locator(".value"))
            .ToHaveTextAsync(ByteSize.Format(site.First.UsedMemory + site.Second.UsedMemory));
        await Expect(Fact(page, "Caches").Locator(".of")).ToHaveTextAsync("of limits of 32 MiB");

        // The last sample that came may have been taken between the sets.
        double perSecond = 0;
        double seconds = 0;
        for (DateTime end = DateTime.UtcNow.AddMinutes(1); DateTime.UtcNow < end;)
        {
            string[] rate = await page.Browser.EvaluateAsync<string[]>(
                """
                () => [...document.querySelectorAll('#facts > div')]
                  .find((fact) => fact.textContent.includes('Evictions'))
                  .querySelectorAll('dd').values()
                  .map((part) => part.textContent.replace(',', '').match(/\d+(\.\d+)?/)[0])
                  .toArray()
                """);
            perSecond = double.Parse(rate[0], CultureInfo.InvariantCulture);
            seconds = double.Parse(rate[1], CultureInfo.InvariantCulture);
            if ((perSecond + 1) * (seconds + 1) >= evicted)
            {
                break;
            }

            await Task.Delay(100, CancellationToken.None);
        }

        Assert.InRange(evicted, (perSecond - 1) * seconds, (perSecond + 1) * (seconds + 1));

        JsonNode room = list["room"]!;
        string limit = room["containerBytes"] is { } container
            ? $"of the container’s {ByteSize.Format(container.GetValue<long>())}"
            : $"of the machine’s {ByteSize.Format(room["machineBytes"]!.GetValue<long>())}";
        await Expect(Fact(page, "RSS").Locator(".of")).ToHaveTextAsync(limit);
        DateTime started = list["service"]!["started"]!.GetValue<DateTimeOffset>().LocalDateTime;
        await Expect(Fact(page, "Uptime").Locator(".of")).ToContainTextAsync(
            started.ToString("HH:mm", CultureInfo.InvariantCulture));
        double hours = (DateTime.Now - started).TotalHours;
        await Expect(Fact(page, "Uptime").Locator(".value")).ToHaveTextAsync(
            new System.Text.RegularExpressions.Regex(hours < 1 ? "^(\\d+ min ?)?(\\d+ s)?$" : "^\\d+ [hd]"));
    }

    [BrowserTheory]
    [InlineData("7.8.9-beta.1", "7.8.9-beta.1 · ")]
    [InlineData(null, "")]
    public async Task It_names_the_service_its_version_and_its_process(string? version, string shown)
    {
        await using AdminSite site = await AdminSite.StartAsync();
        await using AdminPage page = await chromium.OpenAsync(site);

        await page.PretendAsync(answer =>
        {
            if (answer["service"] is { } service)
            {
                (service["name"], service["version"]) = ("Shop", version);
                (service["machine"], service["processId"]) = ("here", 4711);
            }
        });

        await Expect(page.Browser.Locator("#service")).ToHaveTextAsync("Shop");
        await Expect(page.Browser).ToHaveTitleAsync("Caches of Shop");
        await Expect(page.Browser.Locator("#host")).ToHaveTextAsync(
            $"{shown}{site.PageAddress.Authority} · PID 4711 on here · BoundedCache");
    }

    [BrowserFact]
    public async Task The_version_that_it_shows_is_that_of_the_process()
    {
        await using AdminSite site = await AdminSite.StartAsync();
        await using AdminPage page = await chromium.OpenAsync(site);

        string version = FileVersionInfo.GetVersionInfo(Assembly.GetEntryAssembly()!.Location).ProductVersion!;
        await Expect(page.Browser.Locator("#host")).ToHaveTextAsync(
            $"{version.Split('+')[0]} · {site.PageAddress.Authority} · PID {Environment.ProcessId} on "
                + $"{Environment.MachineName} · BoundedCache");
    }

    private static ILocator Fact(AdminPage page, string name) =>
        page.Browser.Locator("#facts > div", new() { Has = page.Browser.GetByText(name, new() { Exact = true }) });

    private static void SetResident(JsonNode answer, long? bytes)
    {
        foreach (JsonNode? sample in answer["samples"]?.AsArray() ?? [])
        {
            sample!["residentBytes"] = bytes;
        }
    }
}
