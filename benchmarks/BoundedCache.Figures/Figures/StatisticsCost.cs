using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Globalization;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Figures.Figures;

/// <summary>
/// What counting costs a lookup in four cases: nothing is counted, statistics are tracked, metrics have a listener,
/// metrics have no listener.
/// </summary>
internal sealed class StatisticsCost : IFigure
{
    private const int Entries = 1_000;
    private const int Draws = 1 << 18;
    private const int Rounds = 41;

    /// <summary>Rounds before those that count: enough for the runtime's last tier.</summary>
    private const int WarmUp = 10;

    public string Name => "statistics";

    public string Title =>
        $"a lookup with statistics and metrics beside a plain one, {Entries:N0} entries, "
        + "Zipf 0.99 (medians of 3 processes; differences round by round)";

    public IEnumerable<Row> Run()
    {
        foreach (int threads in (int[])[1, 2])
        {
            foreach (string outcome in (string[])["hit", "miss"])
            {
                double[] ns = Child.Median(3, () => Child.Measure(Name, outcome, $"{threads}"));
                yield return new($"a plain {outcome}, {threads} thread{(threads > 1 ? "s" : "")}", $"{ns[0]:N1} ns");
                yield return new("    with TrackStatistics", Against(ns[0], ns[1]), "<= 3 ns");
                yield return new("    with metrics, listened to", Against(ns[0], ns[2]), "<= 2 ns");
                yield return new("    with metrics, nobody listens", Against(ns[0], ns[3]), "next to nothing");
                yield return new("    another plain one: the noise", Against(ns[0], ns[4]));
            }
        }
    }

    public void Measure(string[] args)
    {
        bool hits = args[0] == "hit";
        int threads = int.Parse(args[1], CultureInfo.InvariantCulture);
        using var heard = new MeterFactory();
        using var unheard = new MeterFactory();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (ReferenceEquals(instrument.Meter.Scope, heard))
            {
                self.EnableMeasurementEvents(instrument);
            }
        };
        listener.Start();
        BoundedMemoryCache[] caches = [Create(), Create(statistics: true), Create(heard), Create(unheard), Create()];
        var random = new Random(1);
        var zipf = new Zipf(Entries, 0.99, random);
        string[][] draws = [.. Enumerable.Range(0, threads).Select(_ =>
        {
            string[] own = [.. Enumerable.Range(0, Entries).Select(i => Caches.Key(hits ? i : i + Entries))];
            return Enumerable.Range(0, Draws).Select(_ => own[zipf.Next(random)]).ToArray();
        })];
        GC.Collect();

        // In short turns, so that the runtime compiles the code for all of them, as in a program
        // that counts from its start.
        for (int turn = 0; turn < 20_000; turn++)
        {
            TimeAll(draws[0].AsSpan(turn * 13 % (Draws - 13), 13), caches[turn % caches.Length], hits);
        }

        var times = new double[caches.Length][];
        for (int i = 0; i < times.Length; i++)
        {
            times[i] = new double[WarmUp + Rounds];
        }

        for (int round = 0; round < WarmUp + Rounds; round++)
        {
            // Each begins as often as the others: what runs right after a pause between rounds is slower.
            for (int turn = 0; turn < caches.Length; turn++)
            {
                int i = (round + turn) % caches.Length;
                times[i][round] = TimeOnAll(draws, caches[i], hits);
            }
        }

        if (caches[2].GetSnapshot().Hits is null || caches[3].GetSnapshot().Hits is not null)
        {
            throw new InvalidOperationException("The wrong caches counted.");
        }

        Child.Answer([.. times.Select((rounds, i) => i == 0
            ? Statistics.Median(rounds.Skip(WarmUp))
            : Statistics.Median(rounds.Zip(times[0], static (own, plain) => own - plain).Skip(WarmUp)))]);
    }

    private static string Against(double plain, double difference) =>
        $"{difference:+0.00;-0.00} ns ({(plain + difference) / plain:N2} x)";

    private static BoundedMemoryCache Create(IMeterFactory? meters = null, bool statistics = false)
    {
        var cache = new BoundedMemoryCache(
            new BoundedMemoryCacheOptions
            {
                MaxMemory = long.MaxValue,
                ReleaseMode = ReleaseMode.None,
                TrackStatistics = statistics,
            }, null, meters);
        Caches.Fill(cache, Entries, valueBytes: 8);
        return cache;
    }

    /// <summary>Nanoseconds per lookup, each thread looking its own draws up at the same time.</summary>
    private static double TimeOnAll(string[][] draws, BoundedMemoryCache cache, bool hits)
    {
        using var start = new Barrier(draws.Length);
        var times = new double[draws.Length];
        Thread[] threads = [.. draws.Select((keys, i) => new Thread(() =>
        {
            start.SignalAndWait();
            times[i] = TimeAll(keys, cache, hits);
        }))];
        Array.ForEach(threads, static thread => thread.Start());
        Array.ForEach(threads, static thread => thread.Join());
        return times.Average();
    }

#pragma warning disable CA1859 // As applications call it.
    private static double TimeAll(ReadOnlySpan<string> keys, IMemoryCache cache, bool hits)
#pragma warning restore CA1859
    {
        long started = Stopwatch.GetTimestamp();
        foreach (string key in keys)
        {
            if (cache.TryGetValue(key, out _) != hits)
            {
                throw new InvalidOperationException($"{key} is {(hits ? "missing" : "there")}.");
            }
        }

        return Stopwatch.GetElapsedTime(started).TotalNanoseconds / keys.Length;
    }
}
