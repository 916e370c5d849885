using System.Text.Json;
using BoundedCache.Comparisons.Latency;
using BoundedCache.Comparisons.Throughput;
using BoundedCache.Harness;

namespace BoundedCache.Comparisons;

/// <summary>
/// A fresh process of this program that measures one cache in one situation: told what by JSON on its
/// command line, it answers JSON.
/// </summary>
internal static class Child
{
    public static Task<ThroughputSample> MeasureAsync(ThroughputCase work, CancellationToken cancellationToken) =>
        StartAsync<ThroughputCase, ThroughputSample>("throughput", work, cancellationToken);

    public static Task<LatencySample> MeasureAsync(LatencyCase work, CancellationToken cancellationToken) =>
        StartAsync<LatencyCase, LatencySample>("latency", work, cancellationToken);

    /// <summary>In the child: measures and answers.</summary>
    public static void Run(IReadOnlyList<string> args, TextWriter output)
    {
        if (args.Count != 2)
        {
            throw new ComparisonException(
                ExitCode.Usage, "--child is for the program itself: it starts its measurements with it");
        }

        output.WriteLine(args[0] == "latency"
            ? JsonSerializer.Serialize(LatencyWorker.Run(Parse<LatencyCase>(args[1])))
            : JsonSerializer.Serialize(ThroughputWorker.Run(Parse<ThroughputCase>(args[1]))));
    }

    private static T Parse<T>(string json)
    {
        try
        {
            return JsonSerializer.Deserialize<T>(json)!;
        }
        catch (JsonException failure)
        {
            throw new ComparisonException(
                ExitCode.Usage,
                $"--child is for the program itself, and this is not what it sends: {failure.Message}",
                failure);
        }
    }

    private static async Task<TSample> StartAsync<TCase, TSample>(
        string kind, TCase work, CancellationToken cancellationToken)
    {
        OwnProgramEnd end = await OwnProgram.RunAsync(
            typeof(Child).Assembly,
            ["--child", kind, JsonSerializer.Serialize(work)],
            cancellationToken: cancellationToken).ConfigureAwait(false);
        return end.ExitCode == 0
            ? JsonSerializer.Deserialize<TSample>(end.Output)!
            : throw new ComparisonException(
                ExitCode.Failed,
                $"measuring {work} ended with exit code {end.ExitCode}: {end.Errors.Trim()}");
    }
}
