using System.Globalization;
using BoundedCache.LoadRuns.Results;

namespace BoundedCache.LoadRuns.Rendering;

/// <summary>The shrink story as tables.</summary>
internal static class ShrinkText
{
    public static string Write(ShrinkResult result)
    {
        var report = new TextReport();
        foreach (IGrouping<string, ShrinkRow> stamp in result.Rows.GroupBy(static row => $"{row.Stamp}"))
        {
            report.Line(stamp.Key);
            report.Line($"# rows: {string.Join(", ", stamp.Select(static row => row.Name))}");
        }

        report.Line(string.Create(
            CultureInfo.InvariantCulture,
            $"# limit {ByteSize.Format(result.MaxBytes)} -> {ByteSize.Format(result.NewMaxBytes)} "
            + $"-> {ByteSize.Format(result.MaxBytes)}; {result.RequestsPerSecond:N0} requests/s (open loop), "
            + $"items of 0.5 to 1.5 KiB, Zipf 0.99; {(result.ServerGC ? "Server" : "Workstation")} GC"));
        foreach (string skipped in result.Skipped)
        {
            report.Line($"# {skipped}");
        }

        report.Line("");
        report.Line("RSS (MiB) of the process that holds the cache: at the end of each phase, "
            + "and above the same process under the same load with nothing cached");
        report.Table(
            [
                "", "idle", "start", "warm", "under load", "lowered", "after", "later", "raised",
                "2 s after the call, above empty", "later, above empty", "/ new limit", "in bounds after",
            ],
            result.Rows.Select(row => (string[])
            [
                row.Title,
                Mebibytes(row.IdleBytes),
                .. row.Phases.Select(static phase => Mebibytes(phase.ResidentBytes)),
                Mebibytes(row.AboveEmptyAfterTwoSeconds), Mebibytes(row.AboveEmptyLater),
                FormattableString.Invariant($"{row.AboveEmptyLater / (double)result.NewMaxBytes:0.00}"),
                row.ReachedAfterSeconds is double seconds ? FormattableString.Invariant($"{seconds:0.00} s") : "never",
            ]));
        report.Line("");
        report.Line("Requests (ms from when each was due), and what the call cost");
        report.Table(
            [
                "", "steady p50", "p99", "longest", "lowering p50", "p99", "longest", "stall", "(steady)", "call",
                "reported pause", "at once", "later p99", "raised p99", "sent", "failed", "lost",
            ],
            result.Rows.Select(static row => (string[])
            [
                row.Title,
                .. Times(Phase(row, "under load").Latencies), .. Times(row.Window),
                Milliseconds(row.StallMilliseconds),
                Milliseconds(row.SteadyStallMilliseconds),
                Milliseconds(row.CallMilliseconds),
                Milliseconds(row.Call.PauseMilliseconds), Milliseconds(row.Call.LongestPauseMilliseconds),
                Milliseconds(Phase(row, "later").Latencies.P99), Milliseconds(Phase(row, "raised").Latencies.P99),
                Count(row.Load.Sent), Count(row.Load.Failed), Count(row.Load.Lost),
            ]));
        report.Line("");
        foreach (ShrinkRow row in result.Rows)
        {
            string reason = row.Call.Reason is { Length: > 0 } given ? $", {given}" : "";
            string outcome = row.Call.Outcome is null ? "" : $"; {row.Call.Outcome}{reason}";
            report.Line($"{row.Title}: {row.Call.Done}{outcome}");
            foreach (Bar bar in row.Bars)
            {
                report.Line($"  {bar}");
            }

            if (row.Load.FirstFailure is { } failure)
            {
                report.Line($"  first failure: {failure}");
            }

            if (row.Tool is { } tool)
            {
                report.Line(FormattableString.Invariant(
                    $"  {tool.Tool} on top: {tool.Requests:N0} requests, {tool.Failed:N0} failed"));
            }

            report.Line(FormattableString.Invariant(
                $"  the client itself was late by {row.Load.LagMilliseconds:0.00} ms at its 99th percentile"));
        }

        return report.ToString();
    }

    internal static string Mebibytes(long bytes) => FormattableString.Invariant($"{bytes / 1048576.0:N0}");

    internal static string Milliseconds(double? time) =>
        time is double known ? FormattableString.Invariant($"{known:N1}") : "-";

    internal static string Count(long count) => FormattableString.Invariant($"{count:N0}");

    private static PhaseResult Phase(ShrinkRow row, string name) => row.Phases.Single(phase => phase.Name == name);

    private static string[] Times(Load.Latencies latencies) =>
        [Milliseconds(latencies.P50), Milliseconds(latencies.P99), Milliseconds(latencies.Longest)];
}
