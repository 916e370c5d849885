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
        yield return new(
            "BoundedCache, MaxMemory set", $"{alone[0]:N0} ms, of which GC pauses {alone[1]:N0} ms", "<= 120 ms");
        yield return new(
            "the same while another thread reads", $"{watched[0]:N0} ms, of which GC pauses {watched[1]:N0} ms");
        yield return new(
            "slowest read meanwhile, without GC pauses and the time for which the reader had no processor",
            Describe(watched.AsSpan(2)),
            "<= 100 us");
        yield return new(
            "the same reader before, nothing happening", Describe(watched.AsSpan(6)), "the machine's noise");
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
        reader.Take();
        reader.RunFor(TimeSpan.FromMilliseconds(300));
        double[] quiet = reader.Take();
        (double watchedTime, double watchedPause) = Time(() => bounded.MaxMemory = target);
        Child.Answer([watchedTime, watchedPause, .. reader.Take(), .. quiet]);
    }

    private static string Describe(ReadOnlySpan<double> reads) =>
        $"{reads[0]:N0} us; 99.99 % within {reads[1]:N1} us; {reads[2]:N1} a second over 100 us (with the time without "
        + $"a processor: slowest {reads[3]:N0} us)";

    private static (double Milliseconds, double PauseMilliseconds) Time(Action action)
    {
        TimeSpan pauses = GC.GetTotalPauseDuration();
        long started = Stopwatch.GetTimestamp();
        action();
        return (
            Stopwatch.GetElapsedTime(started).TotalMilliseconds,
            (GC.GetTotalPauseDuration() - pauses).TotalMilliseconds);
    }

    /// <summary>A thread that reads without end, hits and misses, and keeps the longest times.</summary>
    private sealed class Reader : IDisposable
    {
        private const int Keep = 4096;

        private readonly PriorityQueue<long, long> _longest = new();
        private readonly Thread _thread;
        private volatile bool _stop;
        private long _reads;
        private long _slowest;
        private long _since = Stopwatch.GetTimestamp();

        public Reader(BoundedMemoryCache cache)
        {
            string[] keys = [.. Enumerable.Range(0, 2048).Select(i => Caches.Key(Entries - 1 - (i * 30)))];

            // One is not plain, so that the code for what is not (which a read also needs that a writer interferes
            // with) is compiled before anything is evicted.
            cache.Set(keys[0], new byte[1024], TimeSpan.FromDays(1));
            _thread = new Thread(() => Read(cache, keys));
            _thread.Start();
        }

        public void RunFor(TimeSpan time) => _thread.Join(time);

        /// <summary>
        /// Of the reads since the last call: the longest and the 99.99th percentile, in microseconds, how many a second
        /// took over 100, all without the time for which there was no processor; and the longest with it.
        /// </summary>
        public double[] Take()
        {
            lock (_longest)
            {
                long[] times = [.. _longest.UnorderedItems.Select(static item => item.Element).OrderDescending()];
                int tail = (int)Math.Min(times.Length - 1, _reads / 10_000);
                double slow = times.Count(static ticks => GCClock.Microseconds(ticks) > 100)
                    / Stopwatch.GetElapsedTime(_since).TotalSeconds;
                double slowest = GCClock.Microseconds(_slowest);
                _longest.Clear();
                (_reads, _slowest) = (0, 0);
                _since = Stopwatch.GetTimestamp();
                return [GCClock.Microseconds(times[0]), GCClock.Microseconds(times[tail]), slow, slowest];
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
            using var thread = new ThreadTimes();
            long suspicious = Stopwatch.Frequency / 20_000;
            var batch = new long[256];
            for (int i = 0; !_stop;)
            {
                thread.TakeWaited();
                long slowest = 0;
                for (int j = 0; j < batch.Length; j++)
                {
                    string key = keys[i++ & 2047];
                    clock.Start();
                    cache.TryGetValue(key, out _);
                    long ticks = clock.Stop();
                    slowest = Math.Max(slowest, ticks);
                    batch[j] = ticks > suspicious
                        ? Math.Max(0, ticks - (long)(thread.TakeWaited() / 1e9 * Stopwatch.Frequency))
                        : ticks;
                }

                lock (_longest)
                {
                    _reads += batch.Length;
                    _slowest = Math.Max(_slowest, slowest);
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
