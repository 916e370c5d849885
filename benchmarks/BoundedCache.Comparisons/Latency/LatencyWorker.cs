using System.Diagnostics;
using BoundedCache.Harness;
using BoundedCache.Harness.Peers;
using HdrHistogram;

namespace BoundedCache.Comparisons.Latency;

/// <summary>
/// Measures one case in this process, open loop: the times at which operations are due are fixed beforehand. Who comes
/// late does not wait for the next one, and each operation's latency counts from when it was due; otherwise one long
/// stop would hide all operations that should have come during it ("coordinated omission").
/// </summary>
internal sealed class LatencyWorker : IDisposable
{
    private const int Draws = 1 << 18;
    private const int ValueBytes = 100;
    private const double ShareThatStays = 0.1;

    /// <summary>One operation of so many stores.</summary>
    private const int StoreEvery = 10;

    private static readonly TimeSpan s_warmUp = TimeSpan.FromSeconds(1);

    private readonly LatencyCase _case;
    private readonly ICachePeer? _cache;
    private readonly string[][] _draws;
    private readonly PauseLog _pauses = new();
    private readonly TimeSpan _lifetime;
    private volatile bool _recording;

    private LatencyWorker(LatencyCase work, ICachePeer? cache)
    {
        (_case, _cache) = (work, cache);
        var zipf = new Zipf(work.Entries, 0.99, new Random(1));
        _draws = [.. Enumerable.Range(0, work.Threads).Select(thread =>
        {
            var random = new Random(thread + 2);
            return Enumerable.Range(0, Draws).Select(_ => EntryKey.Create(zipf.Next(random))).ToArray();
        })];

        // Long enough to fill the cache first; the fill waits for what is left of it.
        _lifetime = WarmUp + TimeSpan.FromSeconds(Math.Max(0.5, work.Entries / 200_000.0) + (work.Seconds / 2));
    }

    private TimeSpan WarmUp => _case.Seconds < 1 ? s_warmUp / 10 : s_warmUp;

    public static LatencySample Run(LatencyCase work)
    {
        using ICachePeer? cache = work.Peer == LatencyCase.Nothing
            ? null
            : PeerCatalog.Find(work.Peer).Create(new PeerSetup(long.MaxValue)
            {
                ScanEvery = work.Situation == Situation.Expiry ? TimeSpan.FromSeconds(1) : null,
            });
        using var worker = new LatencyWorker(work, cache);
        return worker.Measure();
    }

    public void Dispose() => _pauses.Dispose();

    private LatencySample Measure()
    {
        long filled = Stopwatch.GetTimestamp();
        Fill();
        GC.Collect();
        if (_case.Situation == Situation.Expiry)
        {
            // So that what was stored first expires in the middle of the measured time.
            TimeSpan due =
                _lifetime - (TimeSpan.FromSeconds(_case.Seconds / 2) + WarmUp) - Stopwatch.GetElapsedTime(filled);
            Thread.Sleep(due > TimeSpan.Zero ? due : TimeSpan.Zero);
        }

        var histograms = new LongHistogram[_case.Threads];
        long start = Stopwatch.GetTimestamp() + (Stopwatch.Frequency / 100);
        Thread[] threads =
            [.. Enumerable.Range(0, _case.Threads).Select(i => new Thread(() => histograms[i] = Work(i, start)))];
        Array.ForEach(threads, static thread => thread.Start());
        Thread.Sleep(WarmUp);
        _pauses.Clear();
        TimeSpan pause = GC.GetTotalPauseDuration();
        int collections = GC.CollectionCount(0);
        long before = _cache?.Count ?? 0;
        _recording = true;
        double eventMilliseconds = 0;
        if (_case.Situation == Situation.Shrink)
        {
            Thread.Sleep(TimeSpan.FromSeconds(_case.Seconds / 3));
            long began = Stopwatch.GetTimestamp();
            (_cache as IShrinkablePeer)?.ShrinkTo(ShareThatStays);
            eventMilliseconds = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        }

        Array.ForEach(threads, static thread => thread.Join());
        pause = GC.GetTotalPauseDuration() - pause;
        collections = GC.CollectionCount(0) - collections;
        var all = NewHistogram();
        Array.ForEach(histograms, all.Add);
        return new LatencySample
        {
            Operations = all.TotalCount,
            P50 = Microseconds(all.GetValueAtPercentile(50)),
            P99 = Microseconds(all.GetValueAtPercentile(99)),
            P999 = Microseconds(all.GetValueAtPercentile(99.9)),
            P9999 = Microseconds(all.GetValueAtPercentile(99.99)),
            Max = Microseconds(all.GetMaxValue()),
            GCPauseMilliseconds = pause.TotalMilliseconds,
            LongestGCPauseMilliseconds = _pauses.Take().DefaultIfEmpty().Max(),
            Collections = collections,
            EventMilliseconds = eventMilliseconds,
            EntriesBefore = before,
            EntriesAfter = _cache?.Count ?? 0,
        };
    }

    private static LongHistogram NewHistogram() => new(TimeSpan.TicksPerMinute * 100, 3);

    private static double Microseconds(long nanoseconds) => nanoseconds / 1000.0;

    private void Fill()
    {
        if (_cache is null)
        {
            return;
        }

        int[] order = [.. Enumerable.Range(0, _case.Entries)];
        new Random(5).Shuffle(order);
        foreach (int i in order)
        {
            Store(EntryKey.Create(i));
        }
    }

    private void Store(string key)
    {
        byte[] value = new byte[ValueBytes];
        if (_case.Situation == Situation.Expiry && _cache is IExpiringPeer expiring)
        {
            expiring.Set(key, value, ValueBytes, _lifetime);
        }
        else
        {
            _cache!.Set(key, value, ValueBytes);
        }
    }

    private LongHistogram Work(int thread, long start)
    {
        LongHistogram histogram = NewHistogram();
        string[] keys = _draws[thread];
        double ticksBetween = (double)Stopwatch.Frequency * _case.Threads / _case.Rate;
        long firstRecorded = -1;
        for (long i = 0; ; i++)
        {
            long due = start + (long)((i + ((double)thread / _case.Threads)) * ticksBetween);

            // Waiting by spinning: a sleeping thread is woken with a delay of its own, which would be
            // measured as the cache's.
            while (Stopwatch.GetTimestamp() < due)
            {
            }

            Operate(keys[i & (Draws - 1)], i);
            long end = Stopwatch.GetTimestamp();
            if (firstRecorded < 0)
            {
                firstRecorded = _recording ? due : -1;
                continue;
            }

            histogram.RecordValue((long)((end - due) * (1e9 / Stopwatch.Frequency)));

            // By the schedule and not the clock: operations that were due count, however late they came.
            if (due - firstRecorded > _case.Seconds * Stopwatch.Frequency)
            {
                return histogram;
            }
        }
    }

    private void Operate(string key, long number)
    {
        if (_cache is null)
        {
            return;
        }

        if (number % StoreEvery == 0)
        {
            Store(key);
        }
        else
        {
            _cache.TryGet(key, out _);
        }
    }
}
