using System.Diagnostics;
using BoundedCache.Harness;
using BoundedCache.Harness.Peers;

namespace BoundedCache.Comparisons.Throughput;

/// <summary>Measures one case in this process.</summary>
internal sealed class ThroughputWorker
{
    /// <summary>
    /// Requests of a thread before its sequence begins anew, a power of two: so many that nearly all keys are
    /// among them. In a short one so few would be that a cache of half of the keys held them all, and nothing
    /// would be evicted any more.
    /// </summary>
    private const int DrawsPerThread = 1 << 21;

    /// <summary>Operations between two looks at the clock.</summary>
    private const int Batch = 256;

    /// <summary>One set of so many is followed by a look whether it was stored.</summary>
    private const int CheckEvery = 16;

    /// <summary>
    /// How often entries are counted: rarely, since counting takes all locks of a ConcurrentDictionary.
    /// </summary>
    private static readonly TimeSpan s_countEvery = TimeSpan.FromMilliseconds(200);

    private readonly ThroughputCase _case;
    private readonly ICachePeer _cache;
    private readonly string[] _stored;
    private readonly long _entrySize;
    private readonly long _limit;
    private volatile bool _measuring;
    private volatile bool _over;

    private ThroughputWorker(ThroughputCase work, ICachePeer cache, string[] stored, long entrySize, long limit)
    {
        (_case, _cache, _stored, _entrySize, _limit) = (work, cache, stored, entrySize, limit);
    }

    public static ThroughputSample Run(ThroughputCase work)
    {
        Peer peer = PeerCatalog.Find(work.Peer);
        long entrySize = MeasuredSize(work);
        long capacity = work.Reads is null ? work.Keys / 2 : work.Keys;

        // The slack is for a table whose chunks are not all full: without it the last entries of a cache that
        // should hold all would not fit.
        long limit = (capacity + (capacity / 50)) * entrySize;
        string[] stored = [.. Enumerable.Range(0, work.Keys).Select(EntryKey.Create)];
        Draws[] draws = Draw(work);
        long before = GC.GetTotalMemory(forceFullCollection: true);
        using ICachePeer cache = peer.Create(new PeerSetup(limit) { Entries = limit / entrySize });
        return new ThroughputWorker(work, cache, stored, entrySize, limit).Measure(draws, peer.IsBounded, before);
    }

    /// <summary>What BoundedCache charges for an entry: the size that all declare, so that all hold as many.</summary>
    private static long MeasuredSize(ThroughputCase work)
    {
        using var cache = new BoundedMemoryCache(
            new BoundedMemoryCacheOptions { MaxMemory = long.MaxValue, ReleaseMode = ReleaseMode.None });
        cache.Set(EntryKey.Create(0), new byte[work.ValueBytes]);
        return cache.UsedMemory;
    }

    private static Draws[] Draw(ThroughputCase work)
    {
        var zipf = new Zipf(work.Keys, work.Skew, new Random(1));
        var draws = new Draws[work.Threads];
        Parallel.For(0, work.Threads, thread =>
        {
            var random = new Random(thread + 2);
            int[] order = new int[DrawsPerThread];
            for (int i = 0; i < order.Length; i++)
            {
                order[i] = zipf.Next(random);
            }

            draws[thread] = new Draws([.. Enumerable.Range(0, work.Keys).Select(EntryKey.Create)], order);
        });
        return draws;
    }

    private ThroughputSample Measure(Draws[] draws, bool isBounded, long bytesBefore)
    {
        Fill();
        var totals = new Tally[draws.Length];
        Thread[] threads = [.. draws.Select((own, i) => new Thread(() => totals[i] = Work(own, i)))];
        Array.ForEach(threads, static thread => thread.Start());
        Thread.Sleep(TimeSpan.FromSeconds(_case.WarmUpSeconds));

        using System.Diagnostics.Process process = System.Diagnostics.Process.GetCurrentProcess();
        TimeSpan cpu = process.TotalProcessorTime;
        TimeSpan pause = GC.GetTotalPauseDuration();
        (int gen0, int gen1, int gen2) = (GC.CollectionCount(0), GC.CollectionCount(1), GC.CollectionCount(2));
        long started = Stopwatch.GetTimestamp();
        _measuring = true;
        long most = 0;
        for (TimeSpan left = Left(started); left > TimeSpan.Zero; left = Left(started))
        {
            Thread.Sleep(left < s_countEvery ? left : s_countEvery);
            most = Math.Max(most, _cache.Count);
        }

        _over = true;
        double seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        process.Refresh();
        cpu = process.TotalProcessorTime - cpu;
        pause = GC.GetTotalPauseDuration() - pause;
        (gen0, gen1, gen2) = (GC.CollectionCount(0) - gen0, GC.CollectionCount(1) - gen1, GC.CollectionCount(2) - gen2);
        Array.ForEach(threads, static thread => thread.Join());
        Tally all = Tally.Sum(totals);
        long entries = _cache.Count;
        double retained = GC.GetTotalMemory(forceFullCollection: true) - bytesBefore;
        GC.KeepAlive(draws);
        double refused = all.Checked == 0 ? 0 : (double)all.Missing / all.Checked;
        return new ThroughputSample
        {
            OpsPerSecond = (all.Reads + (all.Sets * (1 - refused))) / seconds,
            HitRatio = all.Reads == 0 ? null : (double)all.Hits / all.Reads,
            GCPauseMilliseconds = pause.TotalMilliseconds,
            Gen0 = gen0,
            Gen1 = gen1,
            Gen2 = gen2,
            CpuSeconds = cpu.TotalSeconds,
            BytesPerEntry = entries == 0 ? 0 : (retained / entries) - ArrayBytes(_case.ValueBytes),
            OverLimit = isBounded ? Math.Max(0, ((double)most * _entrySize / _limit) - 1) : null,
            Refused = all.Sets == 0 ? null : refused,
            StoredPerSecond = all.Sets * (1 - refused) / seconds,
            Entries = entries,
        };
    }

    /// <summary>An array of bytes on the heap: header, type, length, content, rounded up to words.</summary>
    private static long ArrayBytes(int length) => (24L + length + 7) / 8 * 8;

    private TimeSpan Left(long started) => TimeSpan.FromSeconds(_case.Seconds) - Stopwatch.GetElapsedTime(started);

    /// <summary>
    /// In random order: a table filled in the order in which memory was allocated is faster to read than any in use.
    /// </summary>
    private void Fill()
    {
        int[] order = [.. Enumerable.Range(0, _case.Keys)];
        new Random(5).Shuffle(order);
        foreach (int i in order)
        {
            _cache.Set(_stored[i], new byte[_case.ValueBytes], _entrySize);
        }
    }

    private Tally Work(Draws draws, int thread)
    {
        Tally tally = default;
        var random = new Random(thread + 100);
        int threshold = _case.Reads is { } reads ? (int)(reads * 1024) : -1;
        bool counting = false;
        for (int i = 0; !_over;)
        {
            if (!counting && _measuring)
            {
                (counting, tally) = (true, default);
            }

            for (int j = 0; j < Batch; j++, i++)
            {
                string key = draws.Keys[draws.Order[i & (DrawsPerThread - 1)]];
                if (threshold < 0 || threshold == 1024 || random.Next(1024) < threshold)
                {
                    tally.Reads++;
                    if (_cache.TryGet(key, out _))
                    {
                        tally.Hits++;
                    }
                    else if (threshold < 0)
                    {
                        Store(key, ref tally);
                    }
                }
                else
                {
                    Store(key, ref tally);
                }
            }
        }

        return tally;
    }

    private void Store(string key, ref Tally tally)
    {
        _cache.Set(key, new byte[_case.ValueBytes], _entrySize);
        if (tally.Sets++ % CheckEvery == 0)
        {
            tally.Checked++;
            tally.Missing += _cache.TryGet(key, out _) ? 0 : 1;
        }
    }

    /// <summary>
    /// What one thread asks for: its own instances of the keys, equal to those that are stored but not the
    /// same; and their numbers in the order of use, as numbers, because millions of references would be marked
    /// anew by every full collection.
    /// </summary>
    private sealed record Draws(string[] Keys, int[] Order);

    /// <summary>What one thread did.</summary>
    private struct Tally
    {
        public long Reads;
        public long Hits;
        public long Sets;
        public long Checked;
        public long Missing;

        public static Tally Sum(Tally[] tallies)
        {
            Tally sum = default;
            foreach (Tally one in tallies)
            {
                sum.Reads += one.Reads;
                sum.Hits += one.Hits;
                sum.Sets += one.Sets;
                sum.Checked += one.Checked;
                sum.Missing += one.Missing;
            }

            return sum;
        }
    }
}
