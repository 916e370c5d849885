namespace BoundedCache.Figures.Figures;

/// <summary>The accounted bytes held against the collector's own count of what the cache keeps alive.</summary>
internal sealed class UsedAgainstCollector : IFigure
{
    public string Name => "used";

    public string Title => "UsedMemory against the collector's count, 1M entries";

    public IEnumerable<Row> Run()
    {
        foreach (int size in (int[])[1024, 100, 8])
        {
            double[] answer = Child.Measure(Name, $"{size}");
            yield return new(
                $"byte[{size}] under keys of 24 characters",
                $"{ByteSize.Format((long)answer[0])} accounted, {ByteSize.Format((long)answer[1])} alive: "
                    + $"{(answer[0] / answer[1]) - 1:+0.00 %;-0.00 %}",
                "within 2 %");
        }
    }

    public void Measure(string[] args)
    {
        using BoundedMemoryCache cache = Caches.Bounded();
        long before = GC.GetTotalMemory(forceFullCollection: true);
        Caches.Fill(cache, 1_000_000, int.Parse(args[0], System.Globalization.CultureInfo.InvariantCulture));
        Child.Answer(cache.UsedMemory, GC.GetTotalMemory(forceFullCollection: true) - before);
    }
}
