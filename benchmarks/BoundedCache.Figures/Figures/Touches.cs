using System.Globalization;
using BoundedCache.Harness.Traces;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Figures.Figures;

/// <summary>
/// What threads that read at full speed lose of the order of use, and what that costs in hits: read-through by Zipf's
/// law, against the textbook's LRU on the same requests taking turns.
/// </summary>
/// <remarks>
/// Counted as lost are touches that found their buffer full while somebody held the lock. What was left out because
/// the same entry's was noted shortly before, came late, or in another order than it was made in, is not counted;
/// the hit ratio has it in it.
/// </remarks>
internal sealed class Touches : IFigure
{
    private const int Keys = 200_000;
    private const int RequestsPerThread = 2_000_000;

    public string Name => "touches";

    public string Title =>
        $"touches lost under read-through, {Keys:N0} keys, Zipf 0.99, and the hit ratio against a textbook LRU "
        + "(medians of 3 processes)";

    public IEnumerable<Row> Run()
    {
        foreach (int percent in (int[])[2, 10, 50])
        {
            foreach (int threads in (int[])[1, 2, 4])
            {
                double[] answer = Child.Median(3, () => Child.Measure(Name, $"{percent}", $"{threads}"));
                yield return new(
                    $"room for {percent} % of the keys, {threads} thread{(threads > 1 ? "s" : "")}",
                    $"{answer[0]:P4} of touches lost; hit ratio {answer[1]:P3}, textbook {answer[2]:P3}: "
                        + $"{(answer[1] - answer[2]) * 100:+0.000;-0.000;0.000} points",
                    threads == 1 ? "none lost, 0.000" : "less than 0.1 points");
            }
        }
    }

    public void Measure(string[] args)
    {
        int limit = Keys / 100 * int.Parse(args[0], CultureInfo.InvariantCulture);
        int threads = int.Parse(args[1], CultureInfo.InvariantCulture);
        using var cache = new BoundedMemoryCache(
            new BoundedMemoryCacheOptions
            {
                MaxMemory = limit,
                Sizing = EntrySizing.Declared,
                ReleaseMode = ReleaseMode.None,
            });
        var zipf = new Zipf(Keys, 0.99, new Random(1));
        string[] names = [.. Enumerable.Range(0, Keys).Select(EntryKey.Create)];
        string[][] requests = [.. Enumerable.Range(0, threads).Select(thread =>
        {
            var random = new Random(thread + 2);
            return Enumerable.Range(0, RequestsPerThread / threads).Select(_ => names[zipf.Next(random)]).ToArray();
        })];

        using var start = new Barrier(threads);
        long hits = 0;
        Thread[] workers = [.. requests.Select(own => new Thread(() =>
        {
            start.SignalAndWait();
            Interlocked.Add(ref hits, Replay(cache, own));
        }))];
        Array.ForEach(workers, static worker => worker.Start());
        Array.ForEach(workers, static worker => worker.Join());

        var textbook = new TextbookLru(limit);
        long textbookHits = 0;
        for (int i = 0; i < requests[0].Length; i++)
        {
            foreach (string[] own in requests)
            {
                textbookHits += textbook.Request(new TraceRequest(own[i], 1)) ? 1 : 0;
            }
        }

        double all = requests.Sum(static own => (long)own.Length);
        Child.Answer(cache.Engine.LostTouches / Math.Max(1.0, hits), hits / all, textbookHits / all);
    }

#pragma warning disable CA1859 // As applications call it.
    private static long Replay(IMemoryCache cache, string[] requests)
#pragma warning restore CA1859
    {
        long hits = 0;
        object value = new();
        foreach (string key in requests)
        {
            if (cache.TryGetValue(key, out _))
            {
                hits++;
            }
            else
            {
                using ICacheEntry entry = cache.CreateEntry(key);
                entry.Value = value;
                entry.Size = 1;
            }
        }

        return hits;
    }
}
