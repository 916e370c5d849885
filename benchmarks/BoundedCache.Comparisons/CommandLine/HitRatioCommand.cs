using System.CommandLine;
using BoundedCache.Comparisons.HitRatio;
using BoundedCache.Comparisons.Output;
using BoundedCache.Harness.Peers;

namespace BoundedCache.Comparisons.CommandLine;

/// <summary>The command <c>hit-ratio</c>.</summary>
internal static class HitRatioCommand
{
    public static Command Create(IReadOnlyList<string> args, TextWriter output, TextWriter error)
    {
        var traces = new Argument<string[]>("trace")
        {
            Description = "Access traces, plain or .gz: a request per line, 'key', 'key size' or 'time key size', "
                + "sizes in bytes; blank lines and lines that start with # are skipped. None: "
                + "a synthetic one (see make-trace).",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var limits = new Defaulted<long[]>("--limits", [-1, -3, -10, -30])
        {
            Description = "Limits, separated by commas: sizes, or percentages of what all keys of the trace weigh "
                + "together. Default 1%,3%,10%,30%.",
            HelpName = "SIZE,SIZE",
            CustomParser = static result => [.. result.Tokens[^1].Value.Split(',').Select(text =>
                text.EndsWith('%') && int.TryParse(text[..^1], out int percent) && percent is > 0 and <= 100
                    ? -percent
                    : Parse.Size(result, "--limits", text))],
        };
        Defaulted<long> keySize = Parse.Bytes("--key-size", "The size of requests that name only a key.", 1);
        Defaulted<Peer[]> peers = Parse.Peers("The caches.", static peer => peer.IsBounded);
        Option<string?> directory = Parse.Output();
        Option<bool> quick = Parse.Quick();
        var command = new Command(
            "hit-ratio",
            "Replays access traces through each cache at several limits: miss ratio and byte miss ratio, "
                + "and a textbook LRU's. Caches that are limited by count hold as many entries as fit on average.")
        {
            traces, limits, keySize, peers, directory, quick,
        };
        command.SetAction((result, cancellation) =>
        {
            var files = ResultFiles.Prepare(result.GetValue(directory), "hit-ratio", args);
            string[] paths = result.GetValue(traces)!;
            var run = new HitRatioRun(peers.GetValue(result), limits.GetValue(result), new Progress(error));
            IReadOnlyList<HitRatioRow> rows = run.Run(
                paths.Length == 0
                    ? [RequestSource.Synthetic(result.GetValue(quick))]
                    : [.. paths.Select(path => RequestSource.File(path, keySize.GetValue(result)))],
                cancellation);
            files.Write(output, rows, HitRatioReport.Text(rows), HitRatioReport.Picture(rows, files.Stamp));
            return Task.FromResult((int)ExitCode.Done);
        });
        return command;
    }
}
