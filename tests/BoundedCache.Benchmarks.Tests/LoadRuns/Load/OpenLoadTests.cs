using BoundedCache.LoadRuns.Load;
using BoundedCache.LoadService.Items;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using HttpResults = Microsoft.AspNetCore.Http.Results;

namespace BoundedCache.Benchmarks.Tests.LoadRuns.Load;

/// <summary>The built-in client against a service that is made for it.</summary>
public sealed class OpenLoadTests
{
    private const int PerSecond = 200;

    [Fact]
    public async Task Requests_that_were_due_while_the_service_stood_still_are_sent_and_count_from_then()
    {
        var clock = new RunClock();
        var stop = new TaskCompletionSource();
        Task gate = Task.CompletedTask;
        await using WebApplication service = await StartAsync(async id =>
        {
            await Volatile.Read(ref gate);
            return HttpResults.Bytes(ItemSource.Make(id));
        });
        await using OpenLoad load = await OpenLoad.StartAsync(new Uri(service.Urls.Single()), PerSecond, 1000, clock);
        await UntilAsync(() => load.Requests.Count > 20);

        Volatile.Write(ref gate, stop.Task);
        TimeSpan stopped = clock.Elapsed;
        await Task.Delay(500);
        TimeSpan released = clock.Elapsed;
        stop.SetResult();
        await UntilAsync(() => load.Requests.Count(request => request.At > released) > 20);
        LoadTotals totals = await load.StopAsync();

        // A closed loop would have sent no more than there are connections, and known nothing of the rest.
        Request[] meanwhile = [.. load.Requests.Where(request => request.At > stopped && request.At < released)];
        Assert.InRange(meanwhile.Length, (int)((released - stopped).TotalSeconds * PerSecond) - 2, int.MaxValue);
        Assert.All(meanwhile, request =>
            Assert.True(request.DoneAt >= released, $"due {request.At}, done {request.DoneAt}, held until {released}"));
        Assert.Equal((0, 0), (totals.Failed, totals.Lost));
        Assert.Equal(totals.Sent, load.Requests.Count);
    }

    [Fact]
    public async Task An_answer_that_is_another_item_or_half_of_one_or_an_error_is_a_failure()
    {
        // An even number is answered as it should be, the others are not.
        await using WebApplication service = await StartAsync(static id => Task.FromResult((id % 4) switch
        {
            1 => HttpResults.Bytes(ItemSource.Make(id + 1)),
            3 => id % 8 == 3 ? HttpResults.StatusCode(503) : HttpResults.Bytes(ItemSource.Make(id)[..^1]),
            _ => HttpResults.Bytes(ItemSource.Make(id)),
        }), openAlways: true);
        await using OpenLoad load = await OpenLoad.StartAsync(
            new Uri(service.Urls.Single()), PerSecond, 1000, new RunClock());
        await UntilAsync(() => load.Requests.Count >= 100);
        LoadTotals totals = await load.StopAsync();

        string[] failures = [.. load.Requests.Select(static request => request.Failure).OfType<string>()];
        Assert.Equal(failures.Length, totals.Failed);
        Assert.Contains(failures, static failure => failure == "status 503");
        Assert.Contains(
            failures, static failure => failure.EndsWith("bytes of something else", StringComparison.Ordinal));
        Assert.InRange(totals.Failed, 1, totals.Sent - 1);
    }

    [Fact]
    public async Task A_service_that_is_gone_is_a_failure_of_every_request_and_no_end_of_the_run()
    {
        WebApplication service = await StartAsync(static id => Task.FromResult(HttpResults.Bytes(ItemSource.Make(id))));
        await using OpenLoad load = await OpenLoad.StartAsync(
            new Uri(service.Urls.Single()), PerSecond, 1000, new RunClock());
        await service.DisposeAsync();
        await UntilAsync(() => load.Requests.Count(static request => request.Failure is not null) >= 10);
        LoadTotals totals = await load.StopAsync();

        Assert.InRange(totals.Failed, 10, totals.Sent);
        Assert.NotNull(totals.FirstFailure);
        Assert.Equal(0, totals.Lost);
    }

    private static async Task<WebApplication> StartAsync(Func<long, Task<IResult>> answer, bool openAlways = false)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        WebApplication app = builder.Build();
        int opening = openAlways ? 3 * 64 : 0;
        app.MapGet("/items/{id:long}", (long id) =>
            Interlocked.Decrement(ref opening) >= 0 ? Task.FromResult(HttpResults.Ok()) : answer(id));
        await app.StartAsync();
        return app;
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (!condition())
        {
            await Task.Delay(10, limit.Token);
        }
    }
}
