using System.Net;
using BoundedCache.TestSupport;

namespace BoundedCache.Tool.Tests;

/// <summary>What answers is no admin API, or one of another version.</summary>
public sealed class OtherServiceTests
{
    private const string Preview = """
        {
          "cacheName": "catalog", "sizing": "measured", "oldMaxBytes": 2097152, "newMaxBytes": 1048576,
          "entriesToEvict": 0
        }
        """;

    [Theory]
    [InlineData("caches")]
    [InlineData("caches", "--json")]
    [InlineData("memory")]
    [InlineData("memory", "--collect")]
    [InlineData("types", "catalog")]
    [InlineData("history")]
    [InlineData("history", "--csv")]
    [InlineData("limit", "catalog", "1MB", "--yes")]
    [InlineData("limit", "catalog", "1MB", "--yes", "--all")]
    [InlineData("release", "catalog", "--yes")]
    [InlineData("compact", "catalog", "--yes")]
    [InlineData("clear", "catalog", "--yes")]
    public async Task Every_command_says_so_and_ends_with_the_code_for_no_answer(params string[] arguments)
    {
        using var service = new FakeService(static _ => new FakeAnswer("{}"));

        ProgramEnd run = await ToolRun.OfAsync([.. arguments, "--url", service.Url]);

        AssertNoApi(service, run);
    }

    [Theory]
    [InlineData("")]
    [InlineData("<html>Welcome</html>")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("5")]
    [InlineData("""{ "caches": null }""")]
    [InlineData("""{ "caches": 5 }""")]
    [InlineData("""{ "caches": [ 5 ] }""")]
    [InlineData("""{ "caches": [ {} ] }""")]
    [InlineData("""{ "caches": [], "caches": [] }""")]
    [InlineData("""{ "caches": [], "process": { "residentBytes": 1 } }""")]
    [InlineData("""{ "caches": [], "service": { "name": "x" }, "room": {}, "process": { "residentBytes": 1 } }""")]
    public async Task Whatever_JSON_it_is(string body)
    {
        using var service = new FakeService(_ => new FakeAnswer(body));

        ProgramEnd run = await ToolRun.OfAsync("caches", "--url", service.Url);

        AssertNoApi(service, run);
    }

    [Theory]
    [InlineData("text/html; charset=windows-1252")]
    [InlineData("text/html; charset=none-of-this-name")]
    public async Task A_proxys_page_in_whatever_charset_is_no_answer_and_the_change_may_have_been_made(string type)
    {
        using var service = new FakeService(request => request.EndsWith("/preview", StringComparison.Ordinal)
            ? new FakeAnswer(Preview)
            : new FakeAnswer("<html>Bad gateway</html>", HttpStatusCode.BadGateway, ContentType: type));

        ProgramEnd run = await ToolRun.OfAsync("limit", "catalog", "1MB", "--all", "--yes", "--url", service.Url);

        Assert.Equal(3, run.ExitCode);
        Assert.Contains($"{service.Url}: status 502.", run.Errors, StringComparison.Ordinal);
        Assert.Contains($"Not known, may still be changed: {service.Url}.", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_name_that_is_no_text_is_another_kind()
    {
        using var service = new FakeService(static _ =>
            new FakeAnswer(FakeService.Caches(FakeService.Cache("""\ud800"""))));

        ProgramEnd run = await ToolRun.OfAsync("caches", "--url", service.Url);

        AssertNoApi(service, run);
    }

    [Fact]
    public async Task A_refusal_that_is_no_text_is_told_by_its_status()
    {
        using var service = new FakeService(static _ =>
            new FakeAnswer("""{ "detail": "\ud800" }""", HttpStatusCode.BadRequest));

        ProgramEnd run = await ToolRun.OfAsync("caches", "--url", service.Url);

        Assert.Equal((1, ""), (run.ExitCode, run.Output));
        Assert.Contains($"{service.Url}: status 400.", run.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Authorities_that_are_gone_after_the_preview_change_nothing_and_it_says_so()
    {
        using var directory = new TemporaryDirectory();
        string authorities = directory.PathOf("ca.pem");
        await File.WriteAllTextAsync(authorities, "");
        using var service = new FakeService(_ =>
        {
            File.Delete(authorities);
            return new FakeAnswer(Preview);
        });

        ProgramEnd run = await ToolRun.OfAsync(
            "limit", "catalog", "1MB", "--all", "--yes", "--ca", authorities, "--url", service.Url);

        Assert.Equal(2, run.ExitCode);
        Assert.Contains("--ca: expected a PEM file", run.Errors, StringComparison.Ordinal);
        Assert.Contains($"Not changed: {service.Url}.", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Samples_as_CSV_have_their_names_above_the_first_service_that_answers()
    {
        using var service = new FakeService(static _ => new FakeAnswer("""
            {
              "samples": [
                {
                  "time": "2026-01-31T20:34:21Z", "residentBytes": 1, "committedBytes": 2, "liveBytes": 3,
                  "caches": [ { "name": "catalog" } ]
                }
              ],
              "changes": []
            }
            """));

        ProgramEnd run = await ToolRun.OfAsync(
            "history", "--csv", "--url", "http://127.0.0.1:1/admin/cache", "--url", service.Url, "--url", service.Url,
            "--url", $"{service.Url}a,b");

        Assert.Equal(3, run.ExitCode);
        string[] lines = run.Output.Trim().Split('\n');
        Assert.StartsWith("url,time,", lines[0], StringComparison.Ordinal);
        Assert.All(lines[1..3], line => Assert.StartsWith($"{service.Url},", line, StringComparison.Ordinal));
        Assert.StartsWith($"\"{service.Url}a,b/\",2026", Assert.Single(lines[3..]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_change_whose_answer_cannot_be_read_may_have_been_made()
    {
        using var service = new FakeService(static request => new FakeAnswer(
            request.EndsWith("/preview", StringComparison.Ordinal) ? Preview : "{}"));

        ProgramEnd run = await ToolRun.OfAsync("limit", "catalog", "1MB", "--all", "--yes", "--url", service.Url);

        Assert.Equal(3, run.ExitCode);
        Assert.Contains("got an answer without 'summary'", run.Errors, StringComparison.Ordinal);
        Assert.Contains($"Not known, may still be changed: {service.Url}.", run.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(HttpStatusCode.Redirect, "/login?returnUrl=%2Fadmin", 4, "It sends to http://127.0.0.1:")]
    [InlineData(HttpStatusCode.RedirectMethod, "https://login.test/authorize", 4, "https://login.test/authorize, as")]
    [InlineData(HttpStatusCode.TemporaryRedirect, "https://a.test/admin/cache/api/caches", 1, "https://a.test;")]
    [InlineData(HttpStatusCode.NotModified, null, 1, "status 304.")]
    public async Task A_page_to_log_in_is_refused_access_and_is_not_followed(
        HttpStatusCode status, string? location, int code, string says)
    {
        using var service = new FakeService(_ => new FakeAnswer("", status, location));

        ProgramEnd run = await ToolRun.OfAsync("caches", "--url", service.Url);

        Assert.Equal((code, ""), (run.ExitCode, run.Output));
        Assert.Contains(says, run.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("returnUrl", run.Errors, StringComparison.Ordinal);
    }

    private static void AssertNoApi(FakeService service, ProgramEnd run)
    {
        Assert.Equal((3, ""), (run.ExitCode, run.Output));
        Assert.Contains($"{service.Url}: expected the admin API, got ", run.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", run.Errors, StringComparison.Ordinal);
    }
}
