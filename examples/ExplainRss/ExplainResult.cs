using System.Text.Json;
using System.Text.Json.Nodes;
using BoundedCache.ExplainRss.Causes;

namespace BoundedCache.ExplainRss;

/// <summary>What one cause came to.</summary>
/// <param name="Cause">What was built.</param>
/// <param name="SizeBytes">How large, about.</param>
/// <param name="Status">
/// The process's memory right before the report by another count (<c>VmRSS</c>): a second opinion on RSS.
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
    /// <summary>The result as JSON; the reports are as <see cref="MemoryReport.ToJson"/> has them.</summary>
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
