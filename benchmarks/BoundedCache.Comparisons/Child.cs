using System.Diagnostics;
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
        cancellationToken.ThrowIfCancellationRequested();
        ProcessStartInfo start = OwnProgram.StartInfo(
            typeof(Child).Assembly, ["--child", kind, JsonSerializer.Serialize(work)]);
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        using System.Diagnostics.Process process = System.Diagnostics.Process.Start(start)!;
        try
        {
            Task<string> errors = process.StandardError.ReadToEndAsync(cancellationToken);
            string answer = await process.StandardOutput.ReadToEndAsync(cancellationToken).ConfigureAwait(false);
            await process.WaitForExitAsync(cancellationToken).ConfigureAwait(false);

            // On a terminal Ctrl+C reaches the child as well, and it may be the first to end.
            cancellationToken.ThrowIfCancellationRequested();
            return process.ExitCode == 0
                ? JsonSerializer.Deserialize<TSample>(answer)!
                : throw new ComparisonException(
                    ExitCode.Failed,
                    $"measuring {work} ended with exit code {process.ExitCode}: "
                        + $"{(await errors.ConfigureAwait(false)).Trim()}");
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
                await process.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false);
            }
        }
    }
}
