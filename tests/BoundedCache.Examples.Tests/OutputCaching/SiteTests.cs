using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using BoundedCache.TestSupport;

namespace BoundedCache.Examples.Tests.OutputCaching;

/// <summary>The example OutputCaching, as its page says to run it.</summary>
public sealed class SiteTests
{
    [Fact]
    public async Task Help_names_the_option_and_a_wrong_one_is_answered_with_what_would_be_right()
    {
        using var help = new ProgramProcess("examples/OutputCaching", "--help");
        using var wrong = new ProgramProcess("examples/OutputCaching", "--urls", "5095");

        Assert.Equal(0, (await help.EndAsync()).ExitCode);
        Assert.Contains("--urls", help.Output, StringComparison.Ordinal);
        Assert.Equal(2, (await wrong.EndAsync()).ExitCode);
        Assert.Contains("--urls: expected one URL", wrong.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_page_is_rendered_once_for_each_language_until_its_tag_is_evicted()
    {
        using var process = new ProgramProcess("examples/OutputCaching", "--urls", "http://127.0.0.1:0");
        using HttpClient site = await ClientAsync(process);

        int english = await NumberAsync(site, 7, "en");
        int german = await NumberAsync(site, 7, "de");

        Assert.NotEqual(english, german);
        Assert.Equal(english, await NumberAsync(site, 7, "en"));
        Assert.Equal(german, await NumberAsync(site, 7, "de"));

        (await site.DeleteAsync(new Uri("/pages", UriKind.Relative))).EnsureSuccessStatusCode();

        Assert.NotEqual(english, await NumberAsync(site, 7, "en"));
    }

    [Fact]
    public async Task The_admin_page_lowers_the_limit_while_pages_are_asked_for()
    {
        using var process = new ProgramProcess("examples/OutputCaching", "--urls", "http://127.0.0.1:0");
        using HttpClient site = await ClientAsync(process);
        for (int id = 0; id < 300; id++)
        {
            await NumberAsync(site, id, "en");
        }

        const int limit = 1024 * 1024;
        using var stop = new CancellationTokenSource();
        Task asking = AskAsync(site, stop.Token);
        using HttpResponseMessage answer = await site.PutAsJsonAsync(
            new Uri("/admin/cache/api/caches/output-cache/limit", UriKind.Relative), new { maxMemory = limit });
        string text = await answer.Content.ReadAsStringAsync();
        await stop.CancelAsync();
        await asking;

        Assert.True(answer.IsSuccessStatusCode, text);
        JsonNode cache = (await site.GetFromJsonAsync<JsonNode>(
            new Uri("/admin/cache/api/caches/output-cache", UriKind.Relative)))!;
        Assert.Equal(limit, cache["maxBytes"]!.GetValue<long>());
        Assert.InRange(cache["usedBytes"]!.GetValue<long>(), 1, limit);
        Assert.Contains("</html>", await site.GetStringAsync(new Uri("/admin/cache/", UriKind.Relative)),
            StringComparison.Ordinal);
    }

    private static async Task AskAsync(HttpClient site, CancellationToken stopped)
    {
        for (int id = 0; !stopped.IsCancellationRequested; id++)
        {
            await NumberAsync(site, id % 300, "en");
        }
    }

    private static async Task<HttpClient> ClientAsync(ProgramProcess process) => new()
    {
        BaseAddress = new Uri(new Uri(await process.WaitForAsync("Admin page: ")), "/"),
        Timeout = ProgramProcess.Hung,
    };

    /// <summary>Asks for a page and gives the number under which it was rendered.</summary>
    private static async Task<int> NumberAsync(HttpClient site, int id, string language)
    {
        string page = await site.GetStringAsync(new Uri($"/pages/{id}?language={language}", UriKind.Relative));
        Assert.Contains($"<h1>Page {id}, {language}</h1>", page, StringComparison.Ordinal);
        return int.Parse(
            Regex.Match(page, "Rendered as number ([0-9]+)").Groups[1].Value, CultureInfo.InvariantCulture);
    }
}
