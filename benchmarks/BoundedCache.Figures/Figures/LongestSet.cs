using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Figures.Figures;

/// <summary>The longest single write while a cache grows from empty: what growing costs whoever it hits.</summary>
internal sealed class LongestSet : IFigure
{
    private const int Entries = 5_000_000;

    public string Name => "longest-set";

    public string Title => "longest single set while growing from empty to 5 million entries, GC pauses excluded (medians of 3)";

    public IEnumerable<Row> Run()
    {
        double[] bounded = Child.Median(3, () => Child.Measure(Name, "bounded"));
        double[] microsoft = Child.Median(3, () => Child.Measure(Name, "microsoft"));
        yield return new("BoundedCache", $"{bounded[0]:N0} us; {bounded[1]:N0} of 5M sets over 100 us", "<= 1,000 us");
        yield return new("MemoryCache", $"{microsoft[0]:N0} us; {microsoft[1]:N0} of 5M sets over 100 us");
    }

    public void Measure(string[] args)
    {
        using IMemoryCache cache = args[0] == "bounded" ? Caches.Bounded() : Caches.Microsoft();
        object value = new();

        // The first sets of a process wait for the compiler; another cache takes that.
        using (IMemoryCache warm = args[0] == "bounded" ? Caches.Bounded() : Caches.Microsoft())
        {
            for (int i = 0; i < 100_000; i++)
            {
                warm.Set(Caches.Key(i), value);
            }
        }

        (long worst, int slow) = (0, 0);
        GCClock clock = default;
        for (int i = 0; i < Entries; i++)
        {
            string key = Caches.Key(i);
            clock.Start();
            cache.Set(key, value);
            long ticks = clock.Stop();
            worst = Math.Max(worst, ticks);
            slow += GCClock.Microseconds(ticks) > 100 ? 1 : 0;
        }

        Child.Answer(GCClock.Microseconds(worst), slow);
    }
}
