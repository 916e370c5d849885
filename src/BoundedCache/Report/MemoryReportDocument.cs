using System.Text.Json.Serialization;

namespace BoundedCache.Report;

/// <summary>A report in the shape of its JSON, whose names are stable.</summary>
internal sealed record MemoryReportDocument(
    long ResidentBytes,
    long HeapBytes,
    bool IsHeapCounted,
    MemoryReportMode Mode,
    IReadOnlyList<MemoryReportRow> Rows,
    IReadOnlyList<MemoryReportFinding> Findings,
    IReadOnlyList<string> Notes,
    double GcPauseMilliseconds,
    double DurationMilliseconds)
{
    public static MemoryReportDocument From(MemoryReport report) => new(
        report.ResidentBytes,
        report.HeapBytes,
        report.IsHeapCounted,
        report.Mode,
        report.Rows,
        report.Findings,
        report.Notes,
        Math.Round(report.GcPause.TotalMilliseconds, 3),
        Math.Round(report.Duration.TotalMilliseconds, 3));
}

/// <summary>How <see cref="MemoryReportDocument"/> is written, without reflection.</summary>
[JsonSerializable(typeof(MemoryReportDocument))]
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true, NewLine = "\n", Converters = [
        typeof(CamelCaseNames<MemoryReportMode>),
        typeof(CamelCaseNames<MemoryReportRowKind>),
        typeof(CamelCaseNames<MemoryReportCause>)])]
internal sealed partial class MemoryReportJsonContext : JsonSerializerContext;

/// <summary>Enumerations by name, as properties are written.</summary>
internal sealed class CamelCaseNames<T>()
    : JsonStringEnumConverter<T>(System.Text.Json.JsonNamingPolicy.CamelCase, allowIntegerValues: false)
    where T : struct, Enum;
