using System.CommandLine;
using BoundedCache.Comparisons.Latency;
using BoundedCache.Comparisons.Output;
using BoundedCache.Harness.Peers;

namespace BoundedCache.Comparisons.CommandLine;

/// <summary>The command <c>latency</c>.</summary>
internal static class LatencyCommand
{
    public static Command Create(IReadOnlyList<string> args, TextWriter output, TextWriter error)
    {
        Defaulted<Peer[]> peers = Parse.Peers(
            "The caches. Those that cannot do what a situation is about are passed over in it.", static _ => true);
        var situations = new Defaulted<Situation[]>("--during", Enum.GetValues<Situation>())
        {
            Description = "Situations, separated by commas: steady (nothing else happens), shrink (most of the entries "
                + "are evicted at once), expiry (all entries expire in the middle of the run). Default all.",
            HelpName = "NAME,NAME",
            CustomParser = static result => [.. result.Tokens[^1].Value.Split(',').Select(text =>
            {
                if (!Enum.TryParse(text, ignoreCase: true, out Situation situation) || int.TryParse(text, out _))
                {
                    result.AddError($"--during: '{text}' is not one of steady, shrink, expiry");
                }

                return situation;
            })],
        };
        Defaulted<int> rate = Parse.Whole(
            "--rate",
            "Operations a second, all threads together: nine of ten read, one stores a new value under its key.",
            100_000,
            1_000,
            10_000_000);
        Defaulted<int> threads = Parse.Whole(
            "--threads", "Threads that keep to the schedule. Each takes a processor.", 1, 1, 64);
        Defaulted<int> entries = Parse.Whole(
            "--entries", "Entries in the cache when the run begins.", 1_000_000, 1_000, 20_000_000);
        Defaulted<double> seconds = Parse.Number("--seconds", "Measured time of each process.", 4, 0.2, 600);
        Option<string?> directory = Parse.Output();
        Option<bool> quick = Parse.Quick();
        var command = new Command(
            "latency",
            "Latency at a fixed rate, from the time at which each operation was due: to the "
                + "99.99th percentile and the maximum.")
        {
            peers, situations, rate, threads, entries, seconds, directory, quick,
        };
        command.SetAction(async (result, cancellation) =>
        {
            bool isQuick = result.GetValue(quick);
            var files = ResultFiles.Prepare(result.GetValue(directory), "latency", args);
            var template = new LatencyCase
            {
                Peer = "",
                Situation = default,
                Rate = isQuick ? 20_000 : rate.GetValue(result),
                Threads = threads.GetValue(result),
                Entries = isQuick ? 2_000 : entries.GetValue(result),
                Seconds = isQuick ? 0.3 : seconds.GetValue(result),
            };
            var run = new LatencyRun(
                peers.GetValue(result), situations.GetValue(result), template, new Progress(error));
            IReadOnlyList<LatencyRow> rows = await run.RunAsync(cancellation).ConfigureAwait(false);
            files.Write(output, rows, LatencyReport.Text(rows), LatencyReport.Picture(rows, files.Stamp));
            return (int)ExitCode.Done;
        });
        return command;
    }
}
