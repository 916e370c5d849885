using System.Globalization;
using BoundedCache.LoadRuns.Results;

namespace BoundedCache.LoadRuns.Rendering;

/// <summary>The sawtooth as a table.</summary>
internal static class SawtoothText
{
    public static string Write(SawtoothResult result)
    {
        var report = new TextReport();
        report.Line($"{result.Stamp}");
        report.Line(string.Create(
            CultureInfo.InvariantCulture,
            $"# limit {ByteSize.Format(result.LowMaxBytes)} <-> {ByteSize.Format(result.HighMaxBytes)}, "
            + $"filled each time; {result.RequestsPerSecond:N0} requests/s (open loop); "
            + $"{(result.ServerGC ? "Server" : "Workstation")} GC"
            + $"{(result.IsBytes ? "; BoundedByteCache" : "")}"));
        report.Line(
            $"# RSS of the same process under load with nothing cached: {ShrinkText.Mebibytes(result.EmptyBytes)} MiB");
        report.Line("");
        report.Table(
            ["tooth", "lowered at", "low RSS, MiB", "high RSS, MiB", "call, ms", "pause, ms", "outcome"],
            result.Cycles.Select(static (cycle, index) => (string[])
            [
                FormattableString.Invariant($"{index + 1}"), FormattableString.Invariant($"{cycle.LoweredAt:N1} s"),
                FormattableString.Invariant($"{cycle.LowBytes / 1048576.0:N1}"), ShrinkText.Mebibytes(cycle.HighBytes),
                ShrinkText.Milliseconds(cycle.CallMilliseconds),
                ShrinkText.Milliseconds(cycle.PauseMilliseconds),
                cycle.Outcome,
            ]));
        report.Line("");
        report.Line(string.Create(
            CultureInfo.InvariantCulture,
            $"{result.Load.Sent:N0} requests, {result.Load.Failed} failed, {result.Load.Lost} lost; "
            + $"p50 {result.Latencies.P50:N1} ms, p99 {result.Latencies.P99:N1} ms, "
            + $"longest {result.Latencies.Longest:N1} ms"));
        report.Line(FormattableString.Invariant(
            $"the line through all low points rises by {result.RisePerMinuteBytes / 1048576.0:0.00} MiB a minute"));
        report.Line("what was resident at the first low point and at the last, MiB:");
        foreach ((string name, long last) in result.LastLow)
        {
            report.Line(FormattableString.Invariant(
                $"  {name}: {result.FirstLow.GetValueOrDefault(name) / 1048576.0:N1} -> {last / 1048576.0:N1}"));
        }

        foreach (Bar bar in result.Bars)
        {
            report.Line($"  {bar}");
        }

        if (result.Load.FirstFailure is { } failure)
        {
            report.Line($"  first failure: {failure}");
        }

        return report.ToString();
    }
}
