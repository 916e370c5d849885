using System.Text.Json;

namespace BoundedCache.Examples.Tests.ExplainRss;

/// <summary>What the program wrote as JSON about one cause.</summary>
internal sealed class Explanation(JsonElement json)
{
    public string Text => json.ToString();

    public long SizeBytes => json.GetProperty("sizeBytes").GetInt64();

    public string? ExpectedFinding => json.GetProperty("expectedFinding").GetString();

    /// <summary>RSS by the kernel's running count, right before the report and right after it.</summary>
    public (long Before, long After) StatusBytes =>
        (json.GetProperty("statusResidentBytes").GetInt64(), json.GetProperty("statusResidentBytesAfter").GetInt64());

    public IReadOnlyList<string> Findings => FindingsOf("report");

    public IReadOnlyList<string> FindingsWhenEmpty => FindingsOf("empty");

    public long SumOfRows => json.GetProperty("report").GetProperty("rows").EnumerateArray()
        .Sum(static row => row.GetProperty("bytes").GetInt64());

    /// <summary>By how much a row grew when the cause was built.</summary>
    public long Growth(string kind) => Row("report", kind) - Row("empty", kind);

    /// <summary>By how much a part of the native row grew.</summary>
    public long GrowthOfPart(string beginning) => Part("report", beginning) - Part("empty", beginning);

    private long Row(string report, string kind) =>
        Single(json.GetProperty(report), "rows", "kind", kind).GetProperty("bytes").GetInt64();

    private long Part(string report, string beginning) =>
        Single(Single(json.GetProperty(report), "rows", "kind", "native"), "parts", "name", beginning)
            .GetProperty("bytes").GetInt64();

    private List<string> FindingsOf(string report) =>
        [.. json.GetProperty(report).GetProperty("findings").EnumerateArray()
            .Select(static finding => finding.GetProperty("cause").GetString()!)];

    private static JsonElement Single(JsonElement parent, string list, string property, string beginning) =>
        parent.GetProperty(list).EnumerateArray().Single(element =>
            element.GetProperty(property).GetString()!.StartsWith(beginning, StringComparison.Ordinal));
}
