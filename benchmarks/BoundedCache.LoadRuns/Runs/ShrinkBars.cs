using BoundedCache.LoadRuns.Load;
using BoundedCache.LoadRuns.Peers;
using BoundedCache.LoadRuns.Results;

namespace BoundedCache.LoadRuns.Runs;

/// <summary>What the rows of the shrink story are held to.</summary>
internal static class ShrinkBars
{
    private const double MebibyteBytes = 1024 * 1024;
    private const double StallMilliseconds = 10;

    /// <param name="row">What was measured.</param>
    /// <param name="steady">Requests while nothing happened.</param>
    /// <param name="around">Requests in the ten seconds around the call.</param>
    /// <param name="boundBytes">The most that RSS above empty may be after the call.</param>
    public static IReadOnlyList<Bar> Create(ShrinkRow row, Latencies steady, Latencies around, long boundBytes)
    {
        var bars = new List<Bar>
        {
            new("requests that failed or got lost", row.Load.Failed + row.Load.Lost, 0, "requests"),
        };
        if (row.Name is "bounded-full" or AllPeers.Bytes)
        {
            bars.Add(new(
                "RSS above empty, two seconds after the call",
                row.AboveEmptyAfterTwoSeconds / MebibyteBytes,
                boundBytes / MebibyteBytes,
                "MiB"));
        }

        if (row.Name == "bounded-full")
        {
            bars.Add(new(
                "longest stall, against the reported pause and 10 ms",
                row.StallMilliseconds,
                (row.Call.PauseMilliseconds ?? 0) + StallMilliseconds,
                "ms"));
        }
        else if (row.Name == AllPeers.Bytes)
        {
            bars.Add(new(
                "p99 in the ten seconds around the call, against three times the steady p99",
                around.P99,
                3 * steady.P99,
                "ms"));
            bars.Add(new(
                "p99 while the cache is filled again, against three times the steady p99",
                row.Phases.Single(static phase => phase.Name == "raised").Latencies.P99,
                3 * steady.P99,
                "ms"));
        }
        else if (row.Name == "bounded-gentle")
        {
            bars.Add(new(
                "p99 while the limit is lowered, against twice the steady p99", row.Window.P99, 2 * steady.P99, "ms"));
        }

        return bars;
    }
}
