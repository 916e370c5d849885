using System.Diagnostics;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Figures.Figures;

/// <summary>How long evicting most of a cache takes, and how long the slowest read takes meanwhile.</summary>
internal sealed class Eviction : IFigure
{
    private const int Entries = 1_000_000;
    private const int Survivors = 100_000;

    public string Name => "evict";

    public string Title => "evicting 900k of 1M entries of 1 KiB, no release (medians of 5)";

    public IEnumerable<Row> Run()
    {
        double[] alone = Child.Median(5, () => Child.Measure(Name, "bounded"));
        double[] watched = Child.Median(5, () => Child.Measure(Name, "bounded", "reader"));
        double[] microsoft = Child.Median(3, () => Child.Measure(Name, "microsoft"));
        yield return new("BoundedCache, MaxMemory set", $"{alone[0]:N0} ms, of which GC pauses {alone[1]:N0} ms", "<= 120 ms");
        yield return new("the same while another thread reads", $"{watched[0]:N0} ms, of which GC pauses {watched[1]:N0} ms");
        yield return new("slowest read meanwhile, GC pauses excluded", $"{watched[2]:N0} us; 99.99 % within {watched[3]:N1} us; {watched[4]:N1} a second over 100 us", "<= 100 us");
        yield return new("the same reader before, nothing happening", $"{watched[5]:N0} us; 99.99 % within {watched[6]:N1} us; {watched[7]:N1} a second over 100 us", "the machine's noise");
        yield return new("MemoryCache, Compact(0.9)", $"{microsoft[0]:N0} ms, of which GC pauses {microsoft[1]:N0} ms");
    }

    public void Measure(string[] args)
    {
        if (args[0] == "microsoft")
        {
            using MemoryCache cache = Caches.Microsoft(long.MaxValue);
            Caches.Fill(cache, Entries);
            (double time, double pause) = Time(() => cache.Compact(0.9));
            Child.Answer(time, pause);
            return;
        }

        using BoundedMemoryCache bounded = Caches.Bounded();
        Caches.Fill(bounded, Entries);
        long target = bounded.UsedMemory / Entries * Survivors;
        if (args.Length == 1)
        {
            (double time, double pause) = Time(() => bounded.MaxMemory = target);
            Child.Answer(time, pause);
            return;
        }

        using var reader = new Reader(bounded);
        reader.RunFor(TimeSpan.FromMilliseconds(300));
        (double quietWorst, double quietTail, double quietSlow) = reader.Take();
        (double watchedTime, double watchedPause) = Time(() => bounded.MaxMemory = target);
        (double worst, double tail, double slow) = reader.Take();
        Child.Answer(watchedTime, watchedPause, worst, tail, slow, quietWorst, quietTail, quietSlow);
    }

    private static (double Milliseconds, double PauseMilliseconds) Time(Action action)
    {
        TimeSpan pauses = GC.GetTotalPauseDuration();
        long started = Stopwatch.GetTimestamp();
        action();
        return (Stopwatch.GetElapsedTime(started).TotalMilliseconds, (GC.GetTotalPauseDuration() - pauses).TotalMilliseconds);
    }

    /// <summary>A thread that reads without end, hits and misses, and keeps the longest times.</summary>
    private sealed class Reader : IDisposable
    {
        private const int Keep = 4096;

        private readonly PriorityQueue<long, long> _longest = new();
        private readonly Thread _thread;
        private volatile bool _stop;
        private long _reads;
        private long _since = Stopwatch.GetTimestamp();

        public Reader(BoundedMemoryCache cache)
        {
            string[] keys = [.. Enumerable.Range(0, 2048).Select(i => Caches.Key(Entries - 1 - (i * 30)))];
            _thread = new Thread(() => Read(cache, keys));
            _thread.Start();
        }

        public void RunFor(TimeSpan time) => _thread.Join(time);

        /// <summary>The longest read since the last call and the 99.99th percentile, in microseconds, and how many a second took over 100.</summary>
        public (double Worst, double Tail, double SlowPerSecond) Take()
        {
            lock (_longest)
            {
                long[] times = [.. _longest.UnorderedItems.Select(static item => item.Element).OrderDescending()];
                int tail = (int)Math.Min(times.Length - 1, _reads / 10_000);
                double slow = times.Count(static ticks => GCClock.Microseconds(ticks) > 100) / Stopwatch.GetElapsedTime(_since).TotalSeconds;
                _longest.Clear();
                _reads = 0;
                _since = Stopwatch.GetTimestamp();
                return (GCClock.Microseconds(times[0]), GCClock.Microseconds(times[tail]), slow);
            }
        }

        public void Dispose()
        {
            _stop = true;
            _thread.Join();
        }

        private void Read(BoundedMemoryCache cache, string[] keys)
        {
            GCClock clock = default;
            var batch = new long[256];
            for (int i = 0; !_stop;)
            {
                for (int j = 0; j < batch.Length; j++)
                {
                    string key = keys[i++ & 2047];
                    clock.Start();
                    cache.TryGetValue(key, out _);
                    batch[j] = clock.Stop();
                }

                lock (_longest)
                {
                    _reads += batch.Length;
                    foreach (long ticks in batch)
                    {
                        if (_longest.Count < Keep)
                        {
                            _longest.Enqueue(ticks, ticks);
                        }
                        else
                        {
                            _longest.EnqueueDequeue(ticks, ticks);
                        }
                    }
                }
            }
        }
    }
}
