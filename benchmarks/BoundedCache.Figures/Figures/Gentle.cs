namespace BoundedCache.Figures.Figures;

/// <summary>
/// Both ways to release the memory of a shrunk cache: what they reach, how long all of it takes and how
/// long they stop the process.
/// </summary>
internal sealed class Gentle : IPartedFigure
{
    private const long Full = 1L << 30;
    private const long Shrunk = 100L << 20;
    private const int Runs = 3;

    private static readonly double[] s_bounds = [1, 2, 5, 10, 20, 50, 100, double.PositiveInfinity];

    private static readonly (string Name, (string, string)[] Environment)[] s_collectors =
    [
        ("Workstation GC", []),
        ("Server GC", [("DOTNET_gcServer", "1"), ("DOTNET_GCDynamicAdaptationMode", "0")]),
        ("Server GC, dynamic adaptation", [("DOTNET_gcServer", "1"), ("DOTNET_GCDynamicAdaptationMode", "1")]),
    ];

    private static readonly (string Title, (string, string)[] Environment, string Order)[] s_cases =
    [
        .. from collector in s_collectors
           from order in (string[])["in order", "interleaved"]
           select ($"{collector.Name}, survivors {order}", collector.Environment, order),
    ];

    public string Name => "gentle";

    public IReadOnlyList<string> Parts => [.. s_cases.Select(static run => run.Title)];

    public string Title =>
        "MaxMemory from 1 GiB to 100 MiB, 1 KiB values, release Gentle and Full (medians "
        + $"of {Runs}; pauses of all runs)";

    public IEnumerable<Row> Run(IReadOnlyList<string> parts)
    {
        foreach ((string where, (string, string)[] environment, string order) in s_cases.Where(
            run => parts.Contains(run.Title)))
        {
            double[][] full = Measure(environment, nameof(ReleaseMode.Full), order);
            double[][] gentle = Measure(environment, nameof(ReleaseMode.Gentle), order);
            bool isBar = environment.Length == 0 && order == "in order";
            double ratio = Median(gentle, 0) / Median(full, 0);
            yield return new(
                $"{where}: RSS above an empty process",
                $"{MiB(gentle)} MiB = {ratio:N2} x Full's {MiB(full)}",
                isBar ? "<= 1.20 x" : "");
            yield return new(
                "  time of the shrink, eviction and release",
                $"{Median(gentle, 1) / 1000:N1} s, Full {Median(full, 1) / 1000:N1} s",
                isBar ? "<= 10 s" : "");
            yield return new(
                "  longest pause, by the runtime's events",
                $"{Median(gentle, 2):N1} ms, Full {Median(full, 2):N1} ms",
                isBar ? "<= 50 ms" : "");
            yield return new(
                "  longest stall of a busy thread", $"{Median(gentle, 3):N1} ms, Full {Median(full, 3):N1} ms");
            yield return new("  all pauses together", $"{Median(gentle, 4):N0} ms, Full {Median(full, 4):N0} ms");
            yield return new("  pauses, Gentle", Histogram(gentle));
            yield return new("  pauses, Full", Histogram(full));
        }
    }

    public void Measure(string[] args)
    {
        using var log = new PauseLog();
        long empty = ProcessMemorySnapshot.Take().ResidentBytes;
        using BoundedMemoryCache cache = Caches.Bounded(Full);
        Caches.Fill(cache, 1_200_000);
        if (args[1] == "interleaved")
        {
            var random = new Random(20260101);
            foreach (object key in cache.Keys.Where(_ => random.Next(10) == 0).ToArray())
            {
                cache.TryGetValue(key, out _);
            }
        }

        // All that somebody who lowers a limit waits for: a gentle one also evicts at leisure.
        log.Clear();
        var busy = new BusyThread();
        ShrinkReport report = cache.SetMaxMemoryAsync(Shrunk, Enum.Parse<ReleaseMode>(args[0]))
            .GetAwaiter()
            .GetResult();
        double stall = busy.Stop();

        // The runtime delivers its events on a thread of its own, a little later.
        Thread.Sleep(1000);
        double[] pauses = log.Take();
        Console.WriteLine(report);
        Child.Answer(
        [
            report.After.ResidentBytes - empty,
            report.TotalTime.TotalMilliseconds,
            pauses.Max(),
            stall,
            pauses.Sum(),
            .. s_bounds.Select(
                (bound, i) => (double)pauses.Count(pause => pause < bound && (i == 0 || pause >= s_bounds[i - 1]))),
        ]);
    }

    private double[][] Measure((string, string)[] environment, string mode, string order) =>
        [.. Enumerable.Range(0, Runs).Select(_ => Child.MeasureIn(environment, Name, mode, order))];

    private static double Median(double[][] runs, int number) => Statistics.Median(runs.Select(run => run[number]));

    private static string MiB(double[][] runs) => (Median(runs, 0) / (1 << 20)).ToString("N0", null);

    private static string Histogram(double[][] runs) => string.Join(
        ", ",
        s_bounds.Select((bound, i) =>
            (Label: double.IsInfinity(bound)
                ? $">= {s_bounds[i - 1]} ms"
                : $"< {bound}", Count: runs.Sum(run => run[5 + i])))
            .Where(static bin => bin.Count > 0)
            .Select(static bin => $"{bin.Label}: {bin.Count}"));
}
