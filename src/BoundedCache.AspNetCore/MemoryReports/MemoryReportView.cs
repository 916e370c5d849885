using System.Text.Json.Serialization;
using BoundedCache.AspNetCore.Json;

namespace BoundedCache.AspNetCore.MemoryReports;

/// <summary>
/// A <see cref="MemoryReport"/> as the API shows it: the shape of <see cref="MemoryReport.ToJson"/>,
/// described in OpenAPI documents.
/// </summary>
internal sealed record MemoryReportView(
    long ResidentBytes,
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
