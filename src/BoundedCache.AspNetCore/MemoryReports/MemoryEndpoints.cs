using BoundedCache.AspNetCore.Access;
using BoundedCache.AspNetCore.Changes;
using BoundedCache.AspNetCore.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Logging;

namespace BoundedCache.AspNetCore.MemoryReports;

/// <summary>The memory report, observed or with a collection.</summary>
internal sealed class MemoryEndpoints(ReleaseRate rate, ILogger logger)
{
    public static ContentHttpResult Observe() => Text(MemoryReport.Capture());

    public async Task<Results<ContentHttpResult, Problem>> CollectAsync(HttpContext context)
    {
        (_, Problem? refusal) = await RequestBody.ReadAsync(context, AdminJsonContext.Default.EmptyRequest, EmptyRequest.Example);
        refusal ??= TooManyReleases.Refuse(context, rate);
        if (refusal is not null)
        {
            return refusal;
        }

        var report = MemoryReport.Capture(MemoryReportMode.Collect);
        Log.Collected(logger, Requester.Of(context), report.GcPause.TotalMilliseconds);
        return Text(report);
    }

    private static ContentHttpResult Text(MemoryReport report) => TypedResults.Text(report.ToJson(), "application/json; charset=utf-8");
}
