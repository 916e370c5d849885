using System.Text.Json;
using System.Text.Json.Nodes;
using BoundedCache.ExplainRss.Causes;

namespace BoundedCache.ExplainRss;

/// <summary>The result for one cause.</summary>
/// <param name="Cause">The cause that was built.</param>
/// <param name="SizeBytes">Its approximate size.</param>
/// <param name="Status">
/// The process's memory right before the report, from <c>VmRSS</c>: an independent count of RSS.
/// </param>
/// <param name="StatusAfter">The same right after the report.</param>
/// <param name="Empty">The report before the cause was built.</param>
/// <param name="Report">The report.</param>
internal sealed record ExplainResult(
    Cause Cause,
    long SizeBytes,
    ProcessMemorySnapshot Status,
    ProcessMemorySnapshot StatusAfter,
    MemoryReport Empty,
    MemoryReport Report)
{
    /// <summary>The result as JSON; the reports have the form of <see cref="MemoryReport.ToJson"/>.</summary>
    public JsonObject ToJson() => new()
    {
        ["cause"] = Cause.Name,
        ["expectedFinding"] = Cause.Finding is { } finding
            ? JsonNamingPolicy.CamelCase.ConvertName(finding.ToString())
            : null,
        ["sizeBytes"] = SizeBytes,
        ["statusResidentBytes"] = Status.ResidentBytes,
        ["statusResidentBytesAfter"] = StatusAfter.ResidentBytes,
        ["empty"] = JsonNode.Parse(Empty.ToJson()),
        ["report"] = JsonNode.Parse(Report.ToJson()),
    };
}
