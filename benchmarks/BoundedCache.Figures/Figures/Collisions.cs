using System.Diagnostics;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Figures.Figures;

/// <summary>
/// What keys that all have one hash code cost: bulk work over them, against MemoryCache, both alone; and how long
/// another writer waits meanwhile, beside the same with keys that spread: the part of the wait that is the machine's.
/// </summary>
internal sealed class Collisions : IFigure
{
    private const int Keys = 20_000;
    private const int Rounds = 7;

    public string Name => "collisions";

    public string Title => $"{Keys:N0} keys of a class whose hash code is always the same (medians of {Rounds} rounds; "
        + "the longest wait of all of them)";

    public IEnumerable<Row> Run()
    {
        foreach (string work in (string[])["insert", "clear", "lower the limit", "compact", "expire", "trim"])
        {
            double[] values = Child.Measure(Name, work);
            yield return new(
                work,
                $"{values[0]:N2} ms, MemoryCache {(values[1] < 0 ? "-" : $"{values[1]:N2}")}; beside another writer "
                    + $"{values[2]:N1} ms, who waited {values[3]:N2} ms at most, {values[4]:N2} where the keys spread",
                "<= 3 x MemoryCache; <= 2 ms");
        }
    }

    public void Measure(string[] args)
    {
        double[] bounded = new double[Rounds];
        double[] beside = new double[Rounds];
        double[] microsoft = new double[Rounds];
        double[] waits = new double[Rounds];
        double[] usualWaits = new double[Rounds];
        for (int round = 0; round < Rounds; round++)
        {
            bounded[round] = MeasureBounded(args[0], collide: true, hasWriter: false, out _);
            beside[round] = MeasureBounded(args[0], collide: true, hasWriter: true, out waits[round]);
            MeasureBounded(args[0], collide: false, hasWriter: true, out usualWaits[round]);
            microsoft[round] = MeasureMicrosoft(args[0]);
        }

        Child.Answer(Median(bounded), Median(microsoft), Median(beside), waits.Max(), usualWaits.Max());
    }

    private static double MeasureBounded(string work, bool collide, bool hasWriter, out double wait)
    {
        var clock = new LateClock();
        using var cache = new BoundedMemoryCache(new BoundedMemoryCacheOptions
        {
            TimeProvider = clock,
            MaxMemory = 1L << 32,
            ReleaseMode = ReleaseMode.None,
            ExpirationScanFrequency = TimeSpan.FromMilliseconds(100),
        });
        Action fill = () => Fill(cache, collide, work == "expire");
        if (work == "insert")
        {
            return Time(hasWriter ? cache : null, fill, out wait);
        }

        if (work == "trim")
        {
            // Entries of other keys between them, which leave holes in every chunk.
            for (int i = 0; i < Keys; i++)
            {
                cache.Set(new Key(i, collide), "value");
                cache.Set($"key {i}", "value");
                cache.Set($"other {i}", "value");
            }

            for (int i = 0; i < Keys; i++)
            {
                cache.Remove($"key {i}");
                cache.Remove($"other {i}");
            }
        }
        else
        {
            fill();
        }

        return Time(hasWriter ? cache : null, work switch
        {
            "clear" => cache.Clear,
            "lower the limit" => () => cache.MaxMemory = 1,
            "compact" => () => cache.Compact(1),
            "trim" => () => cache.Compact(0),
            _ => Expire,
        }, out wait);

        void Expire()
        {
            clock.Late = TimeSpan.FromDays(1);
            SpinWait.SpinUntil(() => cache.Count < Keys / 2);
        }
    }

    private static double MeasureMicrosoft(string work)
    {
        using MemoryCache cache = Caches.Microsoft();
        if (work == "insert")
        {
            return Time(null, () => Fill(cache, collide: true, expires: false), out _);
        }

        Fill(cache, collide: true, expires: false);
        return work switch
        {
            "clear" => Time(null, cache.Clear, out _),
            "compact" or "lower the limit" => Time(null, () => cache.Compact(1), out _),
            _ => -1,
        };
    }

    private static void Fill(IMemoryCache cache, bool collide, bool expires)
    {
        for (int i = 0; i < Keys; i++)
        {
            if (expires)
            {
                cache.Set(new Key(i, collide), "value", TimeSpan.FromDays(1));
            }
            else
            {
                cache.Set(new Key(i, collide), "value");
            }
        }
    }

    /// <summary>Milliseconds of some work, and of the longest write by another thread meanwhile.</summary>
    private static double Time(BoundedMemoryCache? cache, Action work, out double wait)
    {
        GC.Collect();
        bool stop = cache is null;
        long worst = 0;
        using var started = new ManualResetEventSlim(stop);
        var writer = new Thread(() =>
        {
            for (int i = 0; !Volatile.Read(ref stop); i++)
            {
                long began = Stopwatch.GetTimestamp();
                cache!.Set($"writer {i & 1023}", "value");
                long took = Stopwatch.GetTimestamp() - began;
                worst = i == 5000 ? 0 : Math.Max(worst, took);
                if (i == 5000)
                {
                    started.Set();
                }
            }
        });
        writer.Start();
        started.Wait();
        long begin = Stopwatch.GetTimestamp();
        work();
        double took = Stopwatch.GetElapsedTime(begin).TotalMilliseconds;
        Volatile.Write(ref stop, true);
        writer.Join();
        wait = worst * 1000.0 / Stopwatch.Frequency;
        return took;
    }

    private static double Median(double[] values)
    {
        Array.Sort(values);
        return values[values.Length / 2];
    }

    private sealed class LateClock : TimeProvider
    {
        public TimeSpan Late { get; set; }

        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + Late;
    }

    private sealed record Key(int Number, bool Collides)
    {
        public override int GetHashCode() => Collides ? 1 : Number.GetHashCode();
    }
}
