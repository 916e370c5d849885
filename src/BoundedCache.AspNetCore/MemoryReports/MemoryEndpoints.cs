using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;
using BoundedCache.AspNetCore.Access;
using BoundedCache.AspNetCore.Changes;
using BoundedCache.AspNetCore.History;
using BoundedCache.AspNetCore.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Logging;

namespace BoundedCache.AspNetCore.MemoryReports;

/// <summary>
/// The memory report, with or without a collection. One report is made at a time, because it reads every mapping of the
/// process. Requests that only look share the report that is under way; others wait without holding a thread.
/// </summary>
[SuppressMessage(
    "Design", "CA1001", Justification = "Lives as long as the application, and the semaphore has no handle.")]
internal sealed class MemoryEndpoints(ReleaseRate rate, ChangeHistory history, ILogger logger)
{
    private readonly SemaphoreSlim _turn = new(1);
    private readonly Lock _lock = new();
    private Task<MemoryReport>? _observing;

    /// <summary>Makes a report. Tests replace it.</summary>
    internal Func<MemoryReportMode, MemoryReport> Capture { get; set; } = static mode => MemoryReport.Capture(mode);

    public async Task<JsonHttpResult<MemoryReportView>> ObserveAsync(CancellationToken aborted)
    {
        Task<MemoryReport> report;
        lock (_lock)
        {
            report = _observing is { IsCompleted: false }
                ? _observing
                : _observing = Task.Run(
                    () => CaptureAsync(MemoryReportMode.Observe, CancellationToken.None), CancellationToken.None);
        }

        return Json(await report.WaitAsync(aborted));
    }

    public async Task<Results<JsonHttpResult<MemoryReportView>, Problem>> CollectAsync(HttpContext context)
    {
        (_, Problem? refusal) = await RequestBody.ReadAsync(context, AdminJsonContext.Readable.EmptyRequest);
        long taken = 0;
        refusal ??= TooManyReleases.Refuse(context, rate, out taken);
        if (refusal is not null)
        {
            return refusal;
        }

        MemoryReport report;
        try
        {
            report = await CaptureAsync(MemoryReportMode.Collect, context.RequestAborted);
        }
        catch (OperationCanceledException)
        {
            // It was not this one's turn yet.
            rate.GiveBack(taken);
            throw;
        }

        if (report.Mode == MemoryReportMode.Collect)
        {
            Log.Collected(logger, Requester.Describe(context), report.GCPause.TotalMilliseconds);
            history.Add(new ChangeView(null, ChangeKind.Collect, Requester.Describe(context)) { Outcome = "done" });
        }
        else
        {
            rate.GiveBack(taken);
            Log.NotCollected(logger, Requester.Describe(context), string.Join(' ', report.Notes));
        }

        return Json(report);
    }

    private async Task<MemoryReport> CaptureAsync(MemoryReportMode mode, CancellationToken aborted)
    {
        await _turn.WaitAsync(aborted);
        try
        {
            return Capture(mode);
        }
        finally
        {
            _turn.Release();
        }
    }

    private static JsonHttpResult<MemoryReportView> Json(MemoryReport report) =>
        TypedResults.Json(MemoryReportView.From(report), AdminJsonContext.Readable.MemoryReportView);
}

/// <summary>
/// A <see cref="MemoryReport"/> as the API shows it: the shape of <see cref="MemoryReport.ToJson"/>,
/// described in OpenAPI documents.
/// </summary>
internal sealed record MemoryReportView(
    long ResidentBytes,
    bool IsResidentUnknown,
    long HeapBytes,
    bool IsHeapCounted,
    [property: JsonConverter(typeof(CamelCaseEnum<MemoryReportMode>))] MemoryReportMode Mode,
    IReadOnlyList<MemoryReportRowView> Rows,
    IReadOnlyList<MemoryReportFindingView> Findings,
    IReadOnlyList<string> Notes,
    double GcPauseMilliseconds,
    double DurationMilliseconds)
{
    public static MemoryReportView From(MemoryReport report) => new(
        report.ResidentBytes,
        report.IsResidentUnknown,
        report.HeapBytes,
        report.IsHeapCounted,
        report.Mode,
        [.. report.Rows.Select(
            static row => new MemoryReportRowView(row.Kind, row.Bytes, row.IsEstimate, row.Basis, row.Parts))],
        [.. report.Findings.Select(
            static finding => new MemoryReportFindingView(finding.Cause, finding.Bytes, finding.Text, finding.Advice))],
        report.Notes,
        Math.Round(report.GCPause.TotalMilliseconds, 3),
        Math.Round(report.Duration.TotalMilliseconds, 3));
}

/// <summary>A <see cref="MemoryReportRow"/>.</summary>
internal sealed record MemoryReportRowView(
    [property: JsonConverter(typeof(CamelCaseEnum<MemoryReportRowKind>))] MemoryReportRowKind Kind,
    long Bytes,
    bool IsEstimate,
    string Basis,
    IReadOnlyList<MemoryReportPart> Parts);

/// <summary>A <see cref="MemoryReportFinding"/>.</summary>
internal sealed record MemoryReportFindingView(
    [property: JsonConverter(typeof(CamelCaseEnum<MemoryReportCause>))] MemoryReportCause Cause,
    long Bytes,
    string Text,
    string Advice);
