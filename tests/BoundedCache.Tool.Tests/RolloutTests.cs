using System.Text.Json.Nodes;
using BoundedCache.TestSupport;

namespace BoundedCache.Tool.Tests;

/// <summary><c>limit --all</c>: one service after the other.</summary>
public sealed class RolloutTests
{
    private const string Key = "the key of this test: 1";

    private static readonly Dictionary<string, string> s_withKey = new() { ["BOUNDEDCACHE_KEY"] = Key };

    [Fact]
    public async Task All_services_are_changed_with_a_pause_between_them_and_each_has_a_line_of_JSON()
    {
        using var first = new ProgramProcess("examples/AdminDashboard", "--port", "0", "--lookups", "0");
        using var second = new ProgramProcess("examples/AdminDashboard", "--port", "0", "--lookups", "0");
        string[] urls = [await first.WaitForAsync("Admin page: "), await second.WaitForAsync("Admin page: ")];

        ProgramEnd run = await ToolRun.OfAsync(
            "limit", "catalog", "100MB", "--all", "--stagger", "200ms", "--yes", "--json", "--url", urls[0], "--url",
            urls[1]);

        Assert.True(run.ExitCode == 0, run.Errors);
        JsonNode[] lines = [.. run.Output.Trim().Split('\n').Select(static line => JsonNode.Parse(line)!)];
        Assert.Equal(urls, lines.Select(static line => line["url"]!.GetValue<string>()));
        Assert.All(lines, static line => Assert.Equal("changed", line["state"]!.GetValue<string>()));
        Assert.All(lines, static line =>
            Assert.Contains("-> 100 MiB", line["answer"]!["summary"]!.GetValue<string>(), StringComparison.Ordinal));
        Assert.Equal((100 << 20, 100 << 20), (await LimitAsync(urls[0]), await LimitAsync(urls[1])));
        Assert.Contains($"Waits 0.2 s before {urls[1]}.", run.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain($"before {urls[0]}", run.Errors, StringComparison.Ordinal);
        Assert.Contains("Changed 2 of 2.", run.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_first_failure_ends_it_and_it_says_which_services_were_changed_and_which_were_not()
    {
        // The key may change the first, only read the second, and the third asks for none.
        using var first = Locked(reader: "a reader's key, this", changer: Key);
        using var second = Locked(reader: Key, changer: "a changer's key: this");
        using var third = new ProgramProcess("examples/AdminDashboard", "--port", "0", "--lookups", "0");
        string[] urls =
        [
            await first.WaitForAsync("Admin page: "), await second.WaitForAsync("Admin page: "),
            await third.WaitForAsync("Admin page: "),
        ];
        string[] arguments =
        [
            "limit", "catalog", "100MB", "--all", "--stagger", "0.1", "--yes", .. urls.SelectMany(
                static url => (string[])["--url", url]),
        ];

        ProgramEnd run = await ToolRun.OfAsync(s_withKey, arguments);
        ProgramEnd json = await ToolRun.OfAsync(s_withKey, [.. arguments, "--json"]);

        Assert.Equal((4, 4), (run.ExitCode, json.ExitCode));
        Assert.Contains($"Changed 1 of 3: {urls[0]}.", run.Output, StringComparison.Ordinal);
        Assert.Contains($"Not changed: {urls[1]}, {urls[2]}.", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("Not known", run.Output, StringComparison.Ordinal);
        Assert.Equal(256 << 20, await LimitAsync(urls[2]));
        JsonNode[] lines = [.. json.Output.Trim().Split('\n').Select(static line => JsonNode.Parse(line)!)];
        Assert.Equal(
            ["changed", "refused", "notAsked"], lines.Select(static line => line["state"]!.GetValue<string>()));
        Assert.Contains(urls[1], lines[1]["error"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_one_cannot_be_previewed_none_is_changed()
    {
        using var service = new ProgramProcess("examples/AdminDashboard", "--port", "0", "--lookups", "0");
        string url = await service.WaitForAsync("Admin page: ");

        ProgramEnd run = await ToolRun.OfAsync(
            "limit", "catalog", "100MB", "--all", "--yes", "--url", url, "--url", "http://127.0.0.1:1/admin/cache");

        Assert.Equal(3, run.ExitCode);
        Assert.Contains("http://127.0.0.1:1/admin/cache/: no answer.", run.Errors, StringComparison.Ordinal);
        Assert.Contains("Nothing was changed.", run.Errors, StringComparison.Ordinal);
        Assert.Equal(256 << 20, await LimitAsync(url));
    }

    [Fact]
    public async Task Interrupted_in_the_pause_it_leaves_the_rest_as_it_was()
    {
        using var first = new ProgramProcess("examples/AdminDashboard", "--port", "0", "--lookups", "0");
        using var second = new ProgramProcess("examples/AdminDashboard", "--port", "0", "--lookups", "0");
        string[] urls = [await first.WaitForAsync("Admin page: "), await second.WaitForAsync("Admin page: ")];

        ProgramEnd run = await ToolRun.InterruptedAsync(
            "-> 100 MiB", "limit", "catalog", "100MB", "--all", "--stagger", "1h", "--yes", "--url", urls[0], "--url",
            urls[1]);

        Assert.Equal(130, run.ExitCode);
        Assert.Contains($"Changed 1 of 2: {urls[0]}.", run.Output, StringComparison.Ordinal);
        Assert.Contains($"Not changed: {urls[1]}.", run.Output, StringComparison.Ordinal);
        Assert.Equal((100 << 20, 256 << 20), (await LimitAsync(urls[0]), await LimitAsync(urls[1])));
    }

    [Fact]
    public async Task Interrupted_while_one_is_being_changed_it_waits_for_that_one()
    {
        using var first = new SlowService(answers: true);
        using var second = new SlowService(answers: true);

        ProgramEnd run = await ToolRun.InterruptedAsync(
            first.Asked,
            async () =>
            {
                int seen = first.Polls;
                using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
                while (first.Polls < seen + 3 && !limit.IsCancellationRequested)
                {
                    await Task.Delay(20, CancellationToken.None);
                }

                first.End();
            },
            "limit", "catalog", "1MB", "--all", "--stagger", "1h", "--yes", "--url", first.Url, "--url", second.Url);

        Assert.Equal(130, run.ExitCode);
        Assert.Contains($"Waits for {first.Url}, which is being changed", run.Errors, StringComparison.Ordinal);
        Assert.Contains("catalog: done", run.Output, StringComparison.Ordinal);
        Assert.Contains($"Changed 1 of 2: {first.Url}.", run.Output, StringComparison.Ordinal);
        Assert.False(second.Asked.IsCompleted);
    }

    [Fact]
    public async Task Of_a_service_that_does_not_answer_it_says_that_its_state_is_not_known()
    {
        using var first = new SlowService(answers: false);
        using var second = new SlowService(answers: true);

        ProgramEnd run = await ToolRun.OfAsync(
            "limit", "catalog", "1MB", "--all", "--stagger", "0", "--timeout", "1", "--yes", "--url", first.Url,
            "--url", second.Url);

        Assert.Equal(3, run.ExitCode);
        Assert.Contains("Changed 0 of 2.", run.Output, StringComparison.Ordinal);
        Assert.Contains($"Not known, may still be changed: {first.Url}.", run.Output, StringComparison.Ordinal);
        Assert.Contains($"Not changed: {second.Url}.", run.Output, StringComparison.Ordinal);
        Assert.False(second.Asked.IsCompleted);
    }

    private static ProgramProcess Locked(string reader, string changer) => new(
        "examples/AdminDashboard",
        new Dictionary<string, string> { ["Auth__ReaderKey"] = reader, ["Auth__ChangerKey"] = changer },
        "--port", "0", "--lookups", "0", "--auth");

    private static async Task<long> LimitAsync(string url)
    {
        using var client = new HttpClient();
        JsonNode cache = JsonNode.Parse(await client.GetStringAsync(new Uri($"{url}api/caches/catalog")))!;
        return cache["maxBytes"]!.GetValue<long>();
    }
}
