using BoundedCache.LoadRuns;
using BoundedCache.LoadRuns.Load;
using BoundedCache.LoadRuns.Processes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;
using HttpResults = Microsoft.AspNetCore.Http.Results;

namespace BoundedCache.Benchmarks.Tests.LoadRuns.Load;

/// <summary>What is read of the words of wrk.</summary>
public sealed class ToolLoadTests
{
    [Fact]
    public void Failures_of_wrk_are_added_up() => Assert.Equal(
        new ToolTotals("wrk", 4321, 1 + 2 + 3 + 4 + 50),
        ToolLoad.Read(
            "wrk",
            "Running 1m test\n  4321 requests in 10.00s, 5.00MB read\n  Socket errors: connect 1, read 2, write 3, "
                + "timeout 4\n  Non-2xx or 3xx responses: 50\nRequests/sec: 432\n"));

    [Fact]
    public void A_tool_that_says_nothing_is_an_error() =>
        Assert.Throws<LoadException>(() => ToolLoad.Read("wrk", "unable to connect"));

    [Theory]
    [InlineData("wrk")]
    public async Task A_tool_that_is_ended_early_says_what_it_did(string tool)
    {
        if (Skip.LacksProgram(tool))
        {
            return;
        }

        long answered = 0;
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        await using WebApplication service = builder.Build();
        service.MapGet("/items/random", () =>
            Interlocked.Increment(ref answered) % 2 == 0 ? HttpResults.Ok() : HttpResults.StatusCode(503));
        await service.StartAsync();
        await using ToolLoad load = ToolLoad.Start(tool, PeerServer.Find(tool)!, new Uri(service.Urls.Single()));
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (Interlocked.Read(ref answered) < 200)
        {
            await Task.Delay(20, limit.Token);
        }

        ToolTotals totals = await load.StopAsync();

        Assert.InRange(totals.Requests, 100, Interlocked.Read(ref answered));
        Assert.InRange(totals.Failed, totals.Requests / 4, totals.Requests);
    }
}
