using System.CommandLine;
using BoundedCache.Comparisons.Output;
using BoundedCache.Comparisons.Throughput;
using BoundedCache.Harness.Peers;

namespace BoundedCache.Comparisons.CommandLine;

/// <summary>The command <c>throughput</c>.</summary>
internal static class ThroughputCommand
{
    public static Command Create(IReadOnlyList<string> args, TextWriter output, TextWriter error)
    {
        Defaulted<Peer[]> peers = Parse.Peers("The caches.", static _ => true);
        Defaulted<int[]> reads = Parse.Wholes(
            "--reads", "Shares of operations that read, in percent; the others store.", [100, 95, 75, 0], 0, 100);
        Defaulted<int[]> threads = Parse.Wholes(
            "--threads", "Threads; up to twice as many as processors is worth a look.", [1, 2], 1, 1024);
        var readThrough = new Option<bool>("--read-through")
        {
            Description = "Instead of --reads: only reads, in a cache that holds half of the keys; "
                + "a miss stores what was missing.",
        };
        Defaulted<double> skew = Parse.Number("--skew", "Zipf's exponent; 0 is uniform.", 0.99, 0, 5);
        Defaulted<int> keys = Parse.Whole("--keys", "Keys that are asked for.", 100_000, 100, 10_000_000);
        Defaulted<int> valueBytes = Parse.Whole("--value-size", "Bytes of each value, an array.", 100, 0, 1 << 20);
        Defaulted<double> seconds = Parse.Number("--seconds", "Measured time of each process.", 0.6, 0.05, 600);
        Defaulted<double> warmUp = Parse.Number(
            "--warm-up", "Seconds at full speed before that, which do not count.", 1.5, 0, 600);
        Defaulted<int> rounds = Parse.Whole(
            "--rounds", "Processes for each cache and load, of which the median is taken.", 3, 1, 99);
        Option<string?> directory = Parse.Output();
        Option<bool> quick = Parse.Quick();
        var command = new Command(
            "throughput",
            "Operations a second at full speed; hit ratio, GC pauses, processor time, bytes per "
                + "entry, limit overrun, refused sets.")
        {
            peers, reads, readThrough, threads, skew, keys, valueBytes, seconds, warmUp, rounds, directory, quick,
        };
        command.SetAction(async (result, cancellation) =>
        {
            bool isQuick = result.GetValue(quick);
            Peer[] caches = peers.GetValue(result);
            double?[] shares = result.GetValue(readThrough)
                ? [null]
                : [.. reads.GetValue(result).Select(static percent => (double?)percent / 100)];
            ThroughputCase[] loads =
                [.. shares.SelectMany(share => threads.GetValue(result).Select(count => new ThroughputCase
                {
                    Peer = "",
                    Skew = skew.GetValue(result),
                    Reads = share,
                    Threads = count,
                    Keys = isQuick ? 2_000 : keys.GetValue(result),
                    ValueBytes = valueBytes.GetValue(result),
                    Seconds = isQuick ? 0.1 : seconds.GetValue(result),
                    WarmUpSeconds = isQuick ? 0.05 : warmUp.GetValue(result),
                }))];
            if (caches.Length == 0)
            {
                throw new ComparisonException(ExitCode.Usage, "--peers names no cache");
            }

            var files = ResultFiles.Prepare(
                result.GetValue(directory), result.GetValue(readThrough) ? "read-through" : "throughput", args);
            var run = new ThroughputRun(caches, loads, isQuick ? 1 : rounds.GetValue(result), new Progress(error));
            IReadOnlyList<ThroughputRow> rows = await run.RunAsync(cancellation).ConfigureAwait(false);
            files.Write(output, rows, ThroughputReport.Text(rows), ThroughputReport.Picture(rows, files.Stamp));
            return (int)ExitCode.Done;
        });
        return command;
    }
}
