using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Figures.Figures;

/// <summary>The longest single write while a cache grows from empty: what growing costs whoever it hits.</summary>
/// <remarks>
/// The machine takes the processor away for milliseconds, at random, and a cache grows at the same writes every time.
/// So the same writes are timed in five runs, and of each write the least counts: what stays is what that write costs
/// by itself. The longest of any run stands beside it.
/// </remarks>
internal sealed class LongestSet : IFigure
{
    private const int Entries = 5_000_000;
    private const int Runs = 5;
    private const int NotMeasured = int.MaxValue;

    public string Name => "longest-set";

    public string Title =>
        "longest single set while growing from empty to 5 million entries, GC pauses excluded "
        + "(each set: the least of 5 runs)";

    public IEnumerable<Row> Run()
    {
        yield return new("BoundedCache", Describe("bounded"), "<= 1,000 us");
        yield return new("MemoryCache", Describe("microsoft"));
        yield return new("an array of 5M places in the cache's place", Describe("nothing"), "the machine's noise");
    }

    public void Measure(string[] args)
    {
        string what = args[0];
        Grow(what, 100_000, null); // the first sets of a process wait for the compiler
        int[] least = new int[Entries];
        Array.Fill(least, NotMeasured);
        double[] longestOfRuns = [.. Enumerable.Range(0, Runs).Select(_ => Grow(what, Entries, least))];
        int[] measured = [.. least.Where(static nanoseconds => nanoseconds != NotMeasured)];
        Child.Answer(
            measured.Max() / 1000.0,
            measured.Count(static nanoseconds => nanoseconds > 100_000),
            Entries - measured.Length,
            Statistics.Median(longestOfRuns));
    }

    private string Describe(string what)
    {
        double[] numbers = Child.Measure(Name, what);
        return $"{numbers[0]:N0} us; {numbers[1]:N0} of 5M over 100 us; {numbers[2]:N0} with a collection in every "
            + $"run; longest of a run, median: {numbers[3]:N0} us";
    }

    /// <summary>Fills a new cache, and lowers each write's time to this run's where it was less.</summary>
    /// <returns>The longest write of this run, in microseconds.</returns>
    private static double Grow(string what, int entries, int[]? least)
    {
        using IMemoryCache cache = what == "microsoft" ? Caches.Microsoft() : Caches.Bounded();
        object value = new();
        object[]? places = what == "nothing" ? new object[entries] : null;
        double longest = 0;
        GCClock clock = default;
        for (int i = 0; i < entries; i++)
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
            if (ticks == 0 || least is null)
            {
                continue;
            }

            double microseconds = GCClock.Microseconds(ticks);
            longest = Math.Max(longest, microseconds);
            least[i] = Math.Min(least[i], (int)Math.Ceiling(microseconds * 1000));
        }

        GC.KeepAlive(places);
        return longest;
    }
}
