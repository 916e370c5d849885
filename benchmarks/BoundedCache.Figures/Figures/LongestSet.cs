using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Figures.Figures;

/// <summary>The longest single write while a cache grows from empty: what growing costs whoever it hits.</summary>
internal sealed class LongestSet : IFigure
{
    private const int Entries = 5_000_000;

    public string Name => "longest-set";

    public string Title => "longest single set while growing from empty to 5 million entries, GC pauses excluded (medians of 5)";

    public IEnumerable<Row> Run(IReadOnlyList<string> parts)
    {
        yield return new("BoundedCache", MeasureSome("bounded"), "<= 1,000 us");
        yield return new("MemoryCache", MeasureSome("microsoft"));
        yield return new("an array of 5M places in the cache's place", MeasureSome("nothing"), "the machine's noise");
    }

    /// <summary>The median, and the least: the machine's noise only ever adds.</summary>
    private string MeasureSome(string what)
    {
        double[][] runs = [.. Enumerable.Range(0, 5).Select(_ => Child.Measure(Name, what))];
        return $"{Statistics.Median(runs.Select(static run => run[0])):N0} us, in the best run {runs.Min(static run => run[0]):N0}; "
            + $"{Statistics.Median(runs.Select(static run => run[1])):N0} of 5M over 100 us";
    }

    public void Measure(string[] args)
    {
        using IMemoryCache cache = args[0] == "microsoft" ? Caches.Microsoft() : Caches.Bounded();
        object value = new();

        // The first sets of a process wait for the compiler; another cache takes that.
        using (IMemoryCache warm = args[0] == "microsoft" ? Caches.Microsoft() : Caches.Bounded())
        {
            for (int i = 0; i < 100_000; i++)
            {
                warm.Set(Caches.Key(i), value);
            }
        }

        object[]? places = args[0] == "nothing" ? new object[Entries] : null;
        (long worst, int slow) = (0, 0);
        GCClock clock = default;
        for (int i = 0; i < Entries; i++)
        {
            string key = Caches.Key(i);
            clock.Start();
            if (places is null)
            {
                cache.Set(key, value);
            }
            else
            {
                places[i] = new object[14];
            }

            long ticks = clock.Stop();
            worst = Math.Max(worst, ticks);
            slow += GCClock.Microseconds(ticks) > 100 ? 1 : 0;
        }

        Child.Answer(GCClock.Microseconds(worst), slow);
        GC.KeepAlive(places);
    }
}
