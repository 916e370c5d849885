using System.Globalization;
using System.Text;

namespace BoundedCache.Report;

/// <summary>Writes a report for people.</summary>
internal static class MemoryReportText
{
    private const int NameWidth = 46;
    private const int SizeWidth = 10;
    private const int ShareWidth = 7;

    public static string Write(MemoryReport report)
    {
        var text = new StringBuilder();
        string how = report.Mode == MemoryReportMode.Collect
            ? "before the collection that told live from dead"
            : "nothing was collected for it";
        string resident = report.IsResidentUnknown ? "unknown" : ByteSize.Format(report.ResidentBytes);
        text.Append(CultureInfo.InvariantCulture, $"RSS {resident}, {how}:\n");
        foreach (MemoryReportRow row in report.Rows)
        {
            AppendLine(
                text,
                "  ",
                row.Name,
                row.Bytes,
                report.ResidentBytes,
                $"{(row.IsEstimate ? '~' : ' ')} {row.Basis}");
            foreach (MemoryReportPart part in row.Parts)
            {
                AppendLine(text, "    ", part.Name, part.Bytes, null, part.IsEstimate ? "~" : "");
            }
        }

        AppendLine(
            text, "  ", "sum", report.Rows.Sum(static row => row.Bytes), report.ResidentBytes, "  (~ is an estimate)");
        text.Append('\n');
        AppendFindings(text, report.Findings);
        foreach (string note in report.Notes)
        {
            text.Append("Note: ").Append(note).Append('\n');
        }

        return text.ToString();
    }

    private static void AppendFindings(StringBuilder text, IReadOnlyList<MemoryReportFinding> findings)
    {
        if (findings.Count == 0)
        {
            text.Append("No part passes the thresholds of the report.\n");
            return;
        }

        text.Append("What holds the rest, and what to do about it:\n");
        foreach ((int index, MemoryReportFinding finding) in findings.Index())
        {
            text.Append(CultureInfo.InvariantCulture, $"  {index + 1}. {finding.Text}\n     {finding.Advice}\n");
        }
    }

    private static void AppendLine(
        StringBuilder text, string indent, string name, long bytes, long? wholeBytes, string rest)
    {
        string size = ByteSize.Format(bytes).PadLeft(SizeWidth);
        string share = wholeBytes is > 0 and long whole
            ? string.Create(CultureInfo.InvariantCulture, $"{100.0 * bytes / whole,5:0.0} %")
            : "";
        string line = $"{indent}{name.PadRight(NameWidth - indent.Length)}{size}  {share,ShareWidth}  {rest}";
        text.Append(line.TrimEnd()).Append('\n');
    }
}
