using System.Diagnostics;
using System.Runtime;
using BoundedCache.LoadService.Items;
using BoundedCache.LoadService.Peers;

namespace BoundedCache.LoadService.Control;

/// <summary>What the runs steer the service by. It listens on loopback alone, for the length of a run.</summary>
internal static class ControlEndpoints
{
    private static readonly long s_startedAt = Environment.TickCount64;

    public static void MapControl(
        this IEndpointRouteBuilder app, IItemCache cache, ItemTraffic traffic, Inserter inserter, OtherCode other)
    {
        RouteGroupBuilder control = app.MapGroup("/control");
        control.MapPost("/fill/{items:long}", async (long items, CancellationToken cancellationToken) =>
        {
            await inserter.FillAsync(items, cancellationToken);
            return Results.NoContent();
        });
        control.MapPost("/storing/{stores:bool}", (bool stores) =>
        {
            traffic.Stores = stores;
            return Results.NoContent();
        });
        control.MapPost("/inserts/{perSecond:int:min(1)}", (int perSecond, int? mostBytes) =>
        {
            inserter.Start(perSecond, mostBytes ?? 0);
            return Results.NoContent();
        });
        control.MapPost("/other/{nativeBytes:int:min(1)}/{managedBytes:int:min(1)}", (
            int nativeBytes, int managedBytes) =>
        {
            other.Take(nativeBytes, managedBytes);
            return Results.NoContent();
        });
        control.MapDelete("/other", () =>
        {
            other.GiveBack();
            return Results.NoContent();
        });
        control.MapPut("/limit", async (LimitRequest request) =>
        {
            long started = Stopwatch.GetTimestamp();
            string done = await cache.SetLimitAsync(request.MaxBytes);
            return new LimitAnswer(done, Stopwatch.GetElapsedTime(started).TotalMilliseconds);
        });
        control.MapGet("/state", async (bool? report) => await ReadAsync(cache, traffic, inserter, report ?? false));
    }

    private static async Task<ServiceState> ReadAsync(
        IItemCache cache, ItemTraffic traffic, Inserter inserter, bool report)
    {
        CacheFigures figures = await cache.ReadAsync();
        using System.Diagnostics.Process process = System.Diagnostics.Process.GetCurrentProcess();
        return new ServiceState
        {
            MaxBytes = figures.MaxBytes,
            UsedBytes = figures.UsedBytes,
            EffectiveMaxBytes = figures.EffectiveMaxBytes ?? figures.MaxBytes,
            Entries = figures.Entries,
            Hits = traffic.Hits,
            Misses = traffic.Misses,
            Inserted = inserter.Inserted,
            GcPauseMilliseconds = GC.GetTotalPauseDuration().TotalMilliseconds,
            FullCollections = GC.CollectionCount(2),
            ProcessorMilliseconds = process.TotalProcessorTime.TotalMilliseconds,
            UptimeMilliseconds = Environment.TickCount64 - s_startedAt,
            IsServerGC = GCSettings.IsServerGC,
            Findings = report
                ? [.. MemoryReport.Capture().Findings.Select(static finding => $"{finding.Cause}: {finding}")]
                : [],
        };
    }

}
