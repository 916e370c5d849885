using BoundedCache.AspNetCore.Changes;
using BoundedCache.AspNetCore.Events;
using BoundedCache.AspNetCore.History;
using BoundedCache.AspNetCore.MemoryReports;
using BoundedCache.AspNetCore.Tests.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Logging.Abstractions;

namespace BoundedCache.AspNetCore.Tests.MemoryReports;

/// <summary>Several who look at the same time.</summary>
public sealed class SharedCaptureTests
{
    [Fact]
    public async Task Who_looks_while_a_report_is_made_gets_that_report_and_who_looks_later_a_new_one()
    {
        using var go = new SemaphoreSlim(0);
        using var begun = new SemaphoreSlim(0);
        int made = 0;
        var endpoints = new MemoryEndpoints(
            new ReleaseRate(6, TimeProvider.System),
            new ChangeHistory(new EventHub(), TimeProvider.System),
            NullLogger.Instance)
        {
            Capture = _ =>
            {
                made++;
                begun.Release();
                go.Wait();
                return MemoryReport.Capture();
            },
        };

        Task[] looking = [.. Enumerable.Range(0, 8).Select(_ => endpoints.ObserveAsync(default))];
        await begun.WaitAsync(TimeSpan.FromSeconds(30));
        using var gone = new CancellationTokenSource();
        Task leaver = endpoints.ObserveAsync(gone.Token);
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leaver);
        go.Release();
        await Task.WhenAll(looking);
        Assert.Equal(1, made);

        go.Release();
        await endpoints.ObserveAsync(default);
        Assert.Equal(2, made);
    }

    [Theory]
    [InlineData(MemoryReportMode.Collect, 1, "Collected")]
    [InlineData(MemoryReportMode.Observe, 2, "NotCollected")]
    public async Task A_collection_is_recorded_and_counted_only_if_there_was_one(
        MemoryReportMode mode, int allowed, string logged)
    {
        using var log = new LogLines();
        var history = new ChangeHistory(new EventHub(), TimeProvider.System);
        var endpoints = new MemoryEndpoints(
            new ReleaseRate(1, TimeProvider.System), history, log.CreateLogger(Log.Category))
        {
            Capture = _ => new MemoryReport { Mode = mode, Notes = ["A no-GC region."] },
        };

        for (int i = 0; i < allowed; i++)
        {
            Assert.IsType<JsonHttpResult<MemoryReportView>>((await endpoints.CollectAsync(Request())).Result);
        }

        Assert.Equal(
            mode == MemoryReportMode.Observe,
            (await endpoints.CollectAsync(Request())).Result is JsonHttpResult<MemoryReportView>);
        Assert.All(log.All, line => Assert.Equal(logged, line.Name));
        Assert.Equal(
            mode == MemoryReportMode.Observe,
            log.All[0].Text.EndsWith("nothing was collected. A no-GC region.", StringComparison.Ordinal));
        Assert.Equal(mode == MemoryReportMode.Collect ? 1 : 0, history.Views.Count);

        static DefaultHttpContext Request() => new()
        {
            Request =
            {
                ContentType = "application/json",
                Body = new MemoryStream("{}"u8.ToArray()),
            },
        };
    }

    [Fact]
    public async Task Who_gives_up_before_its_turn_has_taken_no_collection_from_the_others()
    {
        using var go = new SemaphoreSlim(0);
        using var begun = new SemaphoreSlim(0);
        var rate = new ReleaseRate(1, TimeProvider.System);
        var endpoints = new MemoryEndpoints(
            rate, new ChangeHistory(new EventHub(), TimeProvider.System), NullLogger.Instance)
        {
            Capture = _ =>
            {
                begun.Release();
                go.Wait();
                return new MemoryReport();
            },
        };
        Task looking = endpoints.ObserveAsync(default);
        await begun.WaitAsync(TimeSpan.FromSeconds(30));
        using var gone = new CancellationTokenSource();
        Task leaver = endpoints.CollectAsync(new DefaultHttpContext
        {
            Request = { ContentType = "application/json", Body = new MemoryStream("{}"u8.ToArray()) },
            RequestAborted = gone.Token,
        });
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leaver);
        go.Release();
        await looking;

        Assert.True(rate.TryTake(out _, out _));
    }
}
