using System.Globalization;
using BoundedCache.ShrinkDemo.CommandLine;

namespace BoundedCache.ShrinkDemo.Comparison;

/// <summary>The command line of a child process that runs the same story with one cache and answers in JSON.</summary>
internal static class ChildArguments
{
    public static IReadOnlyList<string> For(DemoOptions options)
    {
        List<string> arguments =
        [
            "--cache", options.Cache.ArgumentFor(),
            "--value-size", Number(options.ValueBytes),
            "--max-memory", Number(options.MaxMemoryBytes),
            "--release", options.Release.ToString().ToLowerInvariant(),
            "--wait", options.Wait.TotalSeconds.ToString("0.#######", CultureInfo.InvariantCulture),
            "--json",
            "--no-pictures",
        ];
        foreach (long limit in options.ShrinkToBytes)
        {
            arguments.AddRange(["--shrink-to", Number(limit)]);
        }

        arguments.AddRange(
            options.TraceFile is null ? ["--entries", Number(options.Entries)] : ["--trace", options.TraceFile]);
        return arguments;
    }

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);
}
