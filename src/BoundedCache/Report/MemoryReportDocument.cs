using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace BoundedCache.Report;

/// <summary>A report as its JSON shows it. The names of the JSON are stable.</summary>
internal sealed record MemoryReportDocument(
    long ResidentBytes,
    bool IsResidentUnknown,
    long HeapBytes,
    bool IsHeapCounted,
    MemoryReportMode Mode,
    IReadOnlyList<MemoryReportRow> Rows,
    IReadOnlyList<MemoryReportFinding> Findings,
    IReadOnlyList<string> Notes,
    double GcPauseMilliseconds,
    double DurationMilliseconds)
{
    /// <summary>Leaves characters such as ' and > as they are: people read it.</summary>
    private static readonly MemoryReportJsonContext s_context = new(
        new JsonSerializerOptions(MemoryReportJsonContext.Default.MemoryReportDocument.Options)
        {
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        });

    public static MemoryReportDocument From(MemoryReport report) => new(
        report.ResidentBytes,
        report.IsResidentUnknown,
        report.HeapBytes,
        report.IsHeapCounted,
        report.Mode,
        report.Rows,
        report.Findings,
        report.Notes,
        Math.Round(report.GCPause.TotalMilliseconds, 3),
        Math.Round(report.Duration.TotalMilliseconds, 3));

    public string ToJson() => JsonSerializer.Serialize(this, s_context.MemoryReportDocument);
}

/// <summary>Writes <see cref="MemoryReportDocument"/> without reflection.</summary>
[JsonSerializable(typeof(MemoryReportDocument))]
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true, NewLine = "\n", Converters = [
        typeof(CamelCaseNames<MemoryReportMode>),
        typeof(CamelCaseNames<MemoryReportRowKind>),
        typeof(CamelCaseNames<MemoryReportCause>)])]
internal sealed partial class MemoryReportJsonContext : JsonSerializerContext;

/// <summary>Writes enumerations as camelCase names.</summary>
internal sealed class CamelCaseNames<T>()
    : JsonStringEnumConverter<T>(System.Text.Json.JsonNamingPolicy.CamelCase, allowIntegerValues: false)
    where T : struct, Enum;
