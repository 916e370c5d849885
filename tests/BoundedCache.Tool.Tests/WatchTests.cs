using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using BoundedCache.TestSupport;

namespace BoundedCache.Tool.Tests;

/// <summary>What <c>watch</c> shows, against made-up answers.</summary>
public sealed partial class WatchTests
{
    [Fact]
    public async Task A_rate_is_over_the_time_between_two_answers_however_long_another_service_takes()
    {
        var slowness = TimeSpan.FromSeconds(2);
        int looks = 0;
        using var busy = new FakeService(_ =>
            new FakeAnswer(FakeService.Caches(FakeService.Cache("busy", evicted: 10_000 * looks++))));
        using var slow = new FakeService(async _ =>
        {
            await Task.Delay(slowness);
            return new FakeAnswer(FakeService.Caches(FakeService.Cache("slow")));
        });

        ProgramEnd run = await ToolRun.OfAsync(
            "watch", "--count", "2", "--interval", "0.1", "--url", busy.Url, "--url", slow.Url);

        Assert.True(run.ExitCode == 0, run.Errors);
        double rate = double.Parse(
            Assert.Single(BusyRate().Matches(run.Output)).Groups[1].Value, CultureInfo.InvariantCulture);
        Assert.InRange(rate, 1, 10_000 / slowness.TotalSeconds);
    }

    [Fact]
    public async Task Evictions_are_those_for_room_and_by_a_lower_limit_in_every_command()
    {
        int looks = 0;
        using var service = new FakeService(_ =>
        {
            looks++;
            return new FakeAnswer(FakeService.Caches(
                FakeService.Cache("catalog", evicted: 2000, shrunk: looks == 1 ? 3000 : 1_000_000_000)));
        });

        ProgramEnd caches = await ToolRun.OfAsync("caches", "--url", service.Url);
        looks = 0;
        ProgramEnd watch = await ToolRun.OfAsync("watch", "--count", "2", "--interval", "0.1", "--url", service.Url);

        Assert.Matches(@"catalog .* 5,000\b", caches.Output);
        Assert.Matches(@"catalog .* 5,000\b", watch.Output);
        Assert.Matches(@"catalog .* [1-9][\d.]*/s", watch.Output);
    }

    [Fact]
    public async Task A_failure_is_no_line_of_the_output_and_the_first_ones_code_is_the_end()
    {
        int looks = 0;
        using var service = new FakeService(_ => looks++ switch
        {
            0 => new FakeAnswer("{}", HttpStatusCode.Unauthorized),
            1 => new FakeAnswer(FakeService.Caches(FakeService.Cache("catalog"))),
            _ => new FakeAnswer("{}"),
        });

        ProgramEnd run = await ToolRun.OfAsync(
            "watch", "--count", "3", "--interval", "0.1", "--json", "--url", service.Url);

        Assert.Equal(4, run.ExitCode);
        Assert.NotNull(JsonNode.Parse(Assert.Single(run.Output.Trim().Split('\n')))!["answer"]);
        Assert.Contains("status 401", run.Errors, StringComparison.Ordinal);
        Assert.Contains("expected the admin API, got", run.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{}", 3)]
    [InlineData("", 3)]
    public async Task Where_nothing_answers_as_it_should_it_does_not_end_with_0(string body, int code)
    {
        using var service = new FakeService(_ => new FakeAnswer(body));

        ProgramEnd run = await ToolRun.OfAsync("watch", "--count", "2", "--interval", "0.1", "--url", service.Url);

        Assert.Equal((code, ""), (run.ExitCode, run.Output));
    }

    [GeneratedRegex(@"busy .* ([\d.]+)/s")]
    private static partial Regex BusyRate();
}
