using System.Diagnostics;

namespace BoundedCache.Figures.Figures;

/// <summary>The whole shrink, and what a bare collection of the same heap would have cost.</summary>
internal sealed class Setter : IFigure
{
    private const long Full = 1L << 30;
    private const long Shrunk = 100L << 20;

    public string Name => "setter";

    public string Title => "MaxMemory from 1 GiB to 100 MiB, 1 KiB values, release Full (medians of 5)";

    public IEnumerable<Row> Run()
    {
        double[] whole = Child.Median(5, () => Child.Measure(Name, "whole"));
        double[] bare = Child.Median(5, () => Child.Measure(Name, "bare"));
        yield return new(
            "the setter, all of it",
            $"{whole[0]:N0} ms = {whole[0] / (bare[0] + bare[1]):N2} x the two below",
            "<= 1.30 x");
        yield return new("eviction alone", $"{bare[0]:N0} ms");
        yield return new("a bare aggressive collection of the same heap", $"{bare[1]:N0} ms");
        yield return new("GC pause that the report states", $"{whole[2]:N0} ms");
        yield return new("RSS above an empty process afterwards", $"{whole[1] / (1 << 20):N1} MiB", "<= 110 + 10 MiB");
    }

    public void Measure(string[] args)
    {
        long empty = ProcessMemorySnapshot.Take().ResidentBytes;
        using BoundedMemoryCache cache = Caches.Bounded(Full, args[0] == "whole" ? ReleaseMode.Full : ReleaseMode.None);
        Caches.Fill(cache, 1_200_000);
        if (args[0] == "whole")
        {
            ShrinkReport report = cache.SetMaxMemoryAsync(Shrunk).GetAwaiter().GetResult();
            Child.Answer(
                report.TotalTime.TotalMilliseconds,
                report.After.ResidentBytes - empty,
                report.GCPause.TotalMilliseconds);
            return;
        }

        long started = Stopwatch.GetTimestamp();
        cache.MaxMemory = Shrunk;
        double eviction = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        started = Stopwatch.GetTimestamp();
        GC.Collect(2, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        Child.Answer(eviction, Stopwatch.GetElapsedTime(started).TotalMilliseconds);
    }
}
