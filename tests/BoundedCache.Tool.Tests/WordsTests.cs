using System.Text.Json;
using System.Text.RegularExpressions;
using BoundedCache.TestSupport;

namespace BoundedCache.Tool.Tests;

/// <summary>Amounts and names, against made-up answers.</summary>
public sealed partial class WordsTests
{
    private const string Preview = """
        { "cacheName": "votes", "oldMaxBytes": 2097152, "newMaxBytes": 512, "entriesToEvict": 5, "bytesToEvict": 4096 }
        """;

    private const string Removal = """
        { "cacheName": "votes", "entriesRemoved": 5, "bytesRemoved": 4096, "usedBytes": 2048, "count": 7 }
        """;

    private const string Contents = """
        {
          "cacheName": "votes", "entries": 7, "sampledEntries": 7, "isKnown": true, "keyPrefixes": null,
          "types": [ { "name": "Vote", "bytes": 2048, "entries": 7, "share": 1 } ]
        }
        """;

    private const string History = """
        {
          "samples": [],
          "changes": [ {
            "cacheName": "votes", "kind": "limit", "who": "me", "time": "2026-01-31T20:34:21Z", "outcome": "done",
            "oldMaxBytes": 4096, "newMaxBytes": 2048
          } ]
        }
        """;

    [Theory]
    [InlineData("declared", "4,096 units", "2,048 units", "limit 4,096 units -> 2,048 units", "from 2,097,152 units")]
    [InlineData("measured", "4 KiB", "2 KiB", "limit 4 KiB -> 2 KiB", "from 2 MiB to 512 B.")]
    public async Task Amounts_of_a_cache_with_declared_sizes_are_units_and_others_bytes(
        string sizing, string four, string two, string change, string preview)
    {
        // None of the answers but the cache's says how it counts.
        using var service = Service(sizing, says: "");
        await AssertAmountsAsync(service, four, two, change, preview);
    }

    [Fact]
    public async Task Where_an_answer_says_how_its_cache_counts_that_is_followed()
    {
        using var service = Service("measured", says: "\"sizing\": \"declared\",");
        await AssertAmountsAsync(
            service, "4,096 units", "2,048 units", "limit 4,096 units -> 2,048 units", "from 2,097,152 units to");
    }

    [Theory]
    [InlineData("declared", false)]
    [InlineData("measured", true)]
    public async Task A_number_without_a_unit_is_asked_about_only_where_it_would_be_bytes(string sizing, bool isAsked)
    {
        using var service = Service(sizing, says: "");

        ProgramEnd run = await ToolRun.OfAsync("limit", "votes", "512", "--url", service.Url);

        Assert.Equal(isAsked, run.Errors.Contains("512 bytes?", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("\"isByteCache\": true,", "of “votes” is given back at once, without a garbage collection.")]
    [InlineData("\"isByteCache\": false,", "of “votes” is released. Entries stay; the process stops for a moment.")]
    [InlineData("", "of “votes” is released. Entries stay; the process may stop for a moment.")]
    public async Task What_a_release_does_is_said_of_each_kind_of_cache(string says, string sentence)
    {
        using var service = new FakeService(request => new FakeAnswer(
            request.EndsWith("/preview", StringComparison.Ordinal)
                ? Saying(Preview, says)
                : FakeService.Cache("votes", says: says)));

        ProgramEnd release = await ToolRun.OfAsync("release", "votes", "--url", service.Url);
        ProgramEnd gentle = await ToolRun.OfAsync("release", "votes", "--release", "gentle", "--url", service.Url);
        ProgramEnd limit = await ToolRun.OfAsync("limit", "votes", "1MB", "--release", "none", "--url", service.Url);

        Assert.Contains(sentence, release.Errors, StringComparison.Ordinal);
        Assert.Contains(sentence, gentle.Errors, StringComparison.Ordinal);
        const string noDifference = "--release makes no difference: a byte cache gives memory back at once.";
        bool isByteCache = says.Contains("true", StringComparison.Ordinal);
        Assert.Equal(
            (false, isByteCache, isByteCache),
            (release.Errors.Contains(noDifference, StringComparison.Ordinal),
                gentle.Errors.Contains(noDifference, StringComparison.Ordinal),
                limit.Errors.Contains(noDifference, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Beginnings_of_keys_are_a_table_of_their_own_in_the_order_of_the_answer()
    {
        const string prefixes = """
            "keyPrefixes": [
              { "name": "product:[0]", "bytes": 1536, "entries": 5, "share": 0.75 },
              { "name": "user/", "bytes": 512, "entries": 2, "share": 0.25 }
            ]
            """;
        using var service = new FakeService(static request => new FakeAnswer(
            request.EndsWith("/contents", StringComparison.Ordinal)
                ? Contents.Replace("\"keyPrefixes\": null", prefixes, StringComparison.Ordinal)
                : FakeService.Cache("votes")));

        ProgramEnd run = await ToolRun.OfAsync("types", "votes", "--url", service.Url);

        Assert.Equal((0, ""), (run.ExitCode, run.Errors));
        Assert.Matches(
            @"(?s)Type of value .*\n +Vote .*Keys that begin with +Size +Share +Entries.*"
                + @"\n +product:\[0\] +1\.5 KiB +75 % +5 *\n +user/ +512 B +25 % +2 *\n",
            run.Output);
    }

    [Fact]
    public async Task Where_a_service_does_not_tell_beginnings_of_keys_there_is_no_table_for_them()
    {
        using var service = Service("measured", says: "");

        ProgramEnd run = await ToolRun.OfAsync("types", "votes", "--url", service.Url);

        Assert.Equal((0, ""), (run.ExitCode, run.Errors));
        Assert.Contains("Type of value", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("Keys that begin with", run.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"1.0\"", "Fake 1.0 at ")]
    [InlineData("null", "Fake at ")]
    public async Task The_service_is_named_with_its_version_and_its_process(string version, string says)
    {
        using var service = new FakeService(_ => new FakeAnswer(FakeService.Caches(FakeService.Cache("votes"))
            .Replace("\"version\": \"1.0\"", $"\"version\": {version}", StringComparison.Ordinal)));

        ProgramEnd run = await ToolRun.OfAsync("caches", "--url", service.Url);

        Assert.StartsWith(
            $"{says}{service.Url}: PID 7 on here, since 2026-01-31 20:34 UTC,", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RSS_that_is_not_known_is_no_number()
    {
        using var service = new FakeService(static _ => new FakeAnswer(FakeService.Caches()
            .Replace("\"residentBytes\": 104857600", "\"residentBytes\": 0", StringComparison.Ordinal)
            .Replace("\"isResidentUnknown\": false", "\"isResidentUnknown\": true", StringComparison.Ordinal)));

        ProgramEnd run = await ToolRun.OfAsync("caches", "--url", service.Url);

        Assert.Contains("RSS unknown", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("0 B", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Parts_of_the_memory_have_the_names_that_the_page_gives_them()
    {
        string page = await File.ReadAllTextAsync(Path.Combine(
            SourceTree.FindRoot(), "src", "BoundedCache.AspNetCore", "Page", "memory-view.js"));
        (string Kind, string Name)[] names =
        [
            .. NameOfPart().Matches(page[..page.IndexOf("};", StringComparison.Ordinal)])
                .Select(static match => (match.Groups[1].Value, match.Groups[2].Value)),
        ];
        string[] kinds = [.. Enum.GetNames<MemoryReportRowKind>().Select(JsonNamingPolicy.CamelCase.ConvertName)];
        string rows = string.Join(',', kinds.Select(static kind =>
            $$"""{ "kind": "{{kind}}", "bytes": 1, "isEstimate": false, "basis": "counted" }"""));
        using var service = new FakeService(_ => new FakeAnswer($$"""
            { "isResidentUnknown": true, "rows": [ {{rows}} ], "findings": [] }
            """));

        ProgramEnd run = await ToolRun.OfAsync("memory", "--url", service.Url);

        Assert.True(run.ExitCode == 0, run.Errors);
        Assert.NotEmpty(names);
        Assert.All(names, name => Assert.Contains($" {name.Name} ", run.Output, StringComparison.Ordinal));
        Assert.All(kinds, kind => Assert.DoesNotMatch($@"(?m)^ *{kind} ", run.Output));
    }

    private static async Task AssertAmountsAsync(
        FakeService service, string four, string two, string change, string preview)
    {
        ProgramEnd limit = await ToolRun.OfAsync("limit", "votes", "512", "--url", service.Url);
        Assert.Contains(preview, limit.Errors, StringComparison.Ordinal);
        Assert.Contains($"5 entries, {four}.", limit.Errors, StringComparison.Ordinal);
        ProgramEnd clear = await ToolRun.OfAsync("clear", "votes", "--yes", "--url", service.Url);
        Assert.Contains($"5 entries removed, {four}; 7 left, {two}", clear.Output, StringComparison.Ordinal);
        ProgramEnd types = await ToolRun.OfAsync("types", "votes", "--url", service.Url);
        Assert.Contains($" {two} ", types.Output, StringComparison.Ordinal);
        ProgramEnd history = await ToolRun.OfAsync("history", "--url", service.Url);
        Assert.Contains(change, history.Output, StringComparison.Ordinal);
    }

    private static FakeService Service(string sizing, string says) => new(request => new FakeAnswer(
        request.Split('/')[^1] switch
        {
            "preview" => Saying(Preview, says),
            "clear" => Saying(Removal, says),
            "contents" => Saying(Contents, says),
            "history" => History.Replace("\"kind\"", $"{says} \"kind\"", StringComparison.Ordinal),
            "caches" => FakeService.Caches(FakeService.Cache("votes", sizing)),
            _ => FakeService.Cache("votes", sizing),
        }));

    private static string Saying(string json, string says) =>
        json.Replace("\"cacheName\"", $"{says} \"cacheName\"", StringComparison.Ordinal);

    [GeneratedRegex(@"(\w+): '([^']+)'")]
    private static partial Regex NameOfPart();
}
