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
