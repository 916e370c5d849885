using BoundedCache.AspNetCore.Changes;
using BoundedCache.AspNetCore.Events;
using BoundedCache.AspNetCore.History;
using BoundedCache.AspNetCore.MemoryReports;
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
}
