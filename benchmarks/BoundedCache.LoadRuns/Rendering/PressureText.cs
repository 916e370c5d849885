using System.Globalization;
using BoundedCache.LoadRuns.Results;

namespace BoundedCache.LoadRuns.Rendering;

/// <summary>The pressure run as a table, with what the services said.</summary>
internal static class PressureText
{
    public static string Write(PressureResult result)
    {
        var report = new TextReport();
        report.Line($"{result.Stamp}");
        report.Line(string.Create(
            CultureInfo.InvariantCulture,
            $"# other code takes {result.Steps} x {ByteSize.Format(result.NativeStepBytes)} native and "
            + $"{ByteSize.Format(result.ManagedStepBytes)} managed memory and gives it back; "
            + $"{result.InsertsPerSecond:N0} new entries/s, {result.RequestsPerSecond:N0} requests/s; Workstation GC"));
        report.Line("");
        report.Table(
            [
                "", "container, MiB", "limit, MiB", "survived", "lowest limit, MiB", "changes", "limit back after, s",
                "peak RSS, MiB", "group's peak, MiB", "p99 steady, ms", "p99 whole run, ms", "longest, ms", "failed",
            ],
            result.Cases.Select(static one => (string[])
            [
                one.Title, ShrinkText.Mebibytes(one.GroupBytes), ShrinkText.Mebibytes(one.MaxBytes),
                one.Death is null ? "yes" : FormattableString.Invariant($"no, {one.DiedAfterSteps ?? 0:0.0} steps"),
                ShrinkText.Mebibytes(one.LeastLimitBytes),
                one.LimitChanges.ToString(CultureInfo.InvariantCulture),
                one.SecondsUntilBack is double back ? FormattableString.Invariant($"{back:0}") : "-",
                ShrinkText.Mebibytes(one.PeakBytes),
                one.GroupPeakBytes is long peak ? ShrinkText.Mebibytes(peak) : "-",
                ShrinkText.Milliseconds(one.Steady.P99),
                ShrinkText.Milliseconds(one.Whole.P99),
                ShrinkText.Milliseconds(one.Whole.Longest),
                one.Whole.Failed.ToString(CultureInfo.InvariantCulture),
            ]));
        foreach (PressureCase one in result.Cases)
        {
            report.Line("");
            report.Line($"{one.Title}: {one.Death ?? "alive at the end"}");
            foreach (string line in one.Warnings.Select(static warning => $"  logged: {warning}")
                .Concat(one.LastLines.Select(static last => $"  last line: {last}")))
            {
                report.Line(line);
            }
        }

        return report.ToString();
    }
}
