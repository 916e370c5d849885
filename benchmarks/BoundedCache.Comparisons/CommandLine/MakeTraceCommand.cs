using System.CommandLine;
using System.IO.Compression;
using BoundedCache.Harness.Traces;

namespace BoundedCache.Comparisons.CommandLine;

/// <summary>The command <c>make-trace</c>.</summary>
internal static class MakeTraceCommand
{
    public static Command Create(TextWriter output, TextWriter error)
    {
        var defaults = new SyntheticTrace();
        var file = new Argument<string>("file") { Description = "Where to write it; gzipped if the name ends in .gz." };
        Defaulted<int> keys = Parse.Whole("--keys", "Different keys.", defaults.Keys, 1, 10_000_000);
        Defaulted<int> requests = Parse.Whole("--requests", "Requests.", (int)defaults.Requests, 1, int.MaxValue);
        Defaulted<double> skew = Parse.Number("--skew", "Zipf's exponent; 0 is uniform.", defaults.Skew, 0, 5);
        Defaulted<long> least = Parse.Bytes("--min-size", "The least size of a key's value.", defaults.MinBytes);
        Defaulted<long> most = Parse.Bytes("--max-size", "The largest.", defaults.MaxBytes);
        Defaulted<int> seed = Parse.Whole(
            "--seed", "The same seed makes the same trace.", defaults.Seed, 0, int.MaxValue);
        var command = new Command(
            "make-trace",
            "Writes a synthetic trace for hit-ratio: 'key size' lines, keys by Zipf's law, "
                + "small sizes more often than large ones.")
        {
            file, keys, requests, skew, least, most, seed,
        };
        command.SetAction((result, cancellation) =>
        {
            var trace = new SyntheticTrace
            {
                Keys = keys.GetValue(result),
                Requests = requests.GetValue(result),
                Skew = skew.GetValue(result),
                MinBytes = least.GetValue(result),
                MaxBytes = most.GetValue(result),
                Seed = seed.GetValue(result),
            };
            if (trace.MaxBytes < trace.MinBytes)
            {
                throw new ComparisonException(
                    ExitCode.Usage, $"--max-size {trace.MaxBytes} is less than --min-size {trace.MinBytes}");
            }

            string path = result.GetValue(file)!;
            error.WriteLine($"writing {trace.Requests:N0} requests of {trace.Keys:N0} keys, "
                + $"{ByteSize.Format(trace.TotalBytes)} in all, to {path}");
            Write(path, trace, cancellation);
            output.WriteLine(path);
            return Task.FromResult((int)ExitCode.Done);
        });
        return command;
    }

    /// <summary>Under another name until it is whole, so that what is there afterwards is never half a trace.</summary>
    private static void Write(string path, SyntheticTrace trace, CancellationToken cancellation)
    {
        string partial = path + ".partial";
        try
        {
            using (FileStream stream = File.Create(partial))
            using (Stream packed = path.EndsWith(".gz", StringComparison.Ordinal)
                ? new GZipStream(stream, CompressionLevel.Optimal)
                : stream)
            using (var writer = new StreamWriter(packed))
            {
                writer.WriteLine($"# key size; {trace}");
                foreach (TraceRequest request in trace.Generate())
                {
                    cancellation.ThrowIfCancellationRequested();
                    writer.WriteLine($"{request.Key} {request.SizeBytes}");
                }
            }

            File.Move(partial, path, overwrite: true);
        }
        finally
        {
            File.Delete(partial);
        }
    }
}
