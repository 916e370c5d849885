using System.Globalization;
using BoundedCache.LoadRuns.Results;

namespace BoundedCache.LoadRuns.Rendering;

/// <summary>The container run as a table, with what the services said.</summary>
internal static class ContainerText
{
    public static string Write(ContainerResult result)
    {
        var report = new TextReport();
        string sizes = result.MostBytes is int most ? $"1 B to {ByteSize.Format(most)}" : "0.5 to 1.5 KiB";
        string busy = result.BusyProcesses switch
        {
            0 => "",
            1 => "; a busy process beside them",
            int count => $"; {count} busy processes beside them",
        };
        report.Line($"{result.Stamp}");
        report.Line(string.Create(
            CultureInfo.InvariantCulture,
            $"# a full cache, {result.InsertsPerSecond:N0} new entries/s of {sizes} from within, "
            + $"{result.RequestsPerSecond:N0} requests/s (open loop) from without; Workstation GC{busy}"));
        report.Line("");
        report.Table(
            [
                "", "container, MiB", "limit, MiB", "survived", "peak RSS, MiB", "peak RSS / limit",
                "group's peak, MiB", "GC pauses", "processors", "inserts/s", "p50, ms", "p99, ms", "longest, ms",
            ],
            result.Cases.Select(static one => (string[])
            [
                one.Title, ShrinkText.Mebibytes(one.GroupBytes), ShrinkText.Mebibytes(one.MaxBytes),
                one.Death is null
                    ? FormattableString.Invariant($"yes, {one.Seconds:0} s")
                    : FormattableString.Invariant($"no, {one.Seconds:0.0} s"),
                ShrinkText.Mebibytes(one.PeakBytes),
                FormattableString.Invariant($"{one.PeakBytes / (double)one.MaxBytes:0.00}"),
                one.GroupPeakBytes is long peak ? ShrinkText.Mebibytes(peak) : "-",
                one.PauseShare is double share ? FormattableString.Invariant($"{share:P1}") : "-",
                one.Processors is double processors ? FormattableString.Invariant($"{processors:0.00}") : "-",
                one.InsertsPerSecond is double inserts ? FormattableString.Invariant($"{inserts:N0}") : "-",
                ShrinkText.Milliseconds(one.Latencies.P50),
                ShrinkText.Milliseconds(one.Latencies.P99),
                ShrinkText.Milliseconds(one.Latencies.Longest),
            ]));
        foreach (ContainerCase one in result.Cases)
        {
            report.Line("");
            report.Line($"{one.Title}: {one.Death ?? "alive at the end"}; {one.Load.Sent:N0} requests, "
                + $"{one.Load.Failed:N0} failed, {one.Load.Lost:N0} "
                + $"lost{(one.FillFailure is null ? "" : $"; filling it failed: {one.FillFailure}")}");
            foreach (string line in one.Warnings.Select(static warning => $"  logged: {warning}")
                .Concat(one.Findings.Select(static finding => $"  report: {finding}"))
                .Concat(one.LastLines.Select(static last => $"  last line: {last}")))
            {
                report.Line(line);
            }
        }

        return report.ToString();
    }
}
