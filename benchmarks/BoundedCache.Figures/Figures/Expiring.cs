using System.Diagnostics;
using System.Globalization;
using HdrHistogram;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Figures.Figures;

/// <summary>What readers and writers notice of millions of entries that expire at random while they work.</summary>
internal sealed class Expiring : IFigure
{
    private const int Entries = 5_000_000;
    private const int ReadKeys = 1 << 18;
    private const int WriteKeys = 1 << 16;
    private const int ReadsPerWrite = 4;
    private const int RoundsPerMark = 16;

    private static readonly object s_value = new();

    /// <summary>
    /// The time within which all entries expire, and the interval at which they are looked for meanwhile.
    /// </summary>
    private static readonly TimeSpan s_window = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(1);

    /// <summary>How long what is written meanwhile lives, at most.</summary>
    private static readonly TimeSpan s_life = TimeSpan.FromSeconds(1);

    public string Name => "expire";

    public string Title =>
        $"5 million entries that expire at random within {s_window.TotalSeconds:N0} s, "
        + "beside one thread that reads and writes; GC pauses excluded (medians of processes).\n"
        + "The last line of each: what took over 1 ms in each run; of that, still over 1 ms without the time for which "
        + "the thread was ready and had no processor; and without that of the scan's thread as well";

    public IEnumerable<Row> Run()
    {
        (string Subject, int Runs, string What, string Bar)[] subjects =
        [
            ("bounded", 3, "BoundedCache", "none over 1 ms"),
            ("nothing-due", 3, "the same cache, scanned as often, nothing due", "the machine's noise"),
            (
                "nothing",
                3,
                "an array in the cache's place, beside a thread that looks at the clock",
                "the machine's noise"),
            ("microsoft", 1, "MemoryCache", ""),
        ];
        foreach ((string subject, int times, string what, string bar) in subjects)
        {
            double[][] runs = [.. Enumerable.Range(0, times).Select(_ => Child.Measure(Name, subject))];
            yield return new($"{what}: reads", Times.Describe(runs, first: 0), bar);
            yield return new("    writes", Times.Describe(runs, first: Times.Numbers), bar);
            if (subject is "bounded" or "microsoft")
            {
                yield return new(
                    "    the last entry went after its time",
                    $"{Statistics.Median(runs.Select(static run => run[^1])):N0} ms",
                    subject == "bounded" ? "about 1,000 ms" : "");
            }
        }
    }

    public void Measure(string[] args)
    {
        string subject = args[0];
        var clock = new HeldClock();
        using IMemoryCache? cache = subject switch
        {
            "nothing" => null,
            "microsoft" =>
                new MemoryCache(new MemoryCacheOptions { Clock = clock, ExpirationScanFrequency = s_interval }),
            _ => new BoundedMemoryCache(new BoundedMemoryCacheOptions
            {
                MaxMemory = long.MaxValue,
                ReleaseMode = ReleaseMode.None,
                TimeProvider = clock,
                ExpirationScanFrequency = s_interval,
            }),
        };
        var random = new Random(1);
        string[] reads = [.. Enumerable.Range(0, ReadKeys).Select(_ => Caches.Key(random.Next(Entries)))];
        string[] writes = [.. Enumerable.Range(Entries, WriteKeys).Select(Caches.Key)];
        DateTimeOffset never = clock.GetUtcNow() + TimeSpan.FromDays(1);
        var places = new object?[cache is null ? Entries : 0];
        for (int i = 0; i < Entries; i++)
        {
            DateTimeOffset end = subject == "nothing-due"
                ? never
                : clock.GetUtcNow() + (s_window * random.NextDouble());
            cache?.Set(Caches.Key(i), s_value, end);
        }

        GC.Collect();
        BusyThread? beside = cache is null ? new BusyThread() : null;
        using var waits = new ProcessorWaits();
        clock.Scans = waits;

        // Once before, so that no operation waits for its own compilation.
        Work(cache, places, reads, writes, random, new Times(waits), new Times(waits), static round => round < 1_000);
        var reading = new Times(waits);
        var writing = new Times(waits);
        clock.Release();
        Work(cache, places, reads, writes, random, reading, writing, _ => clock.Elapsed < s_window + s_interval);
        beside?.Stop();
        double late = subject is "bounded" or "microsoft" ? WaitUntilEmpty(cache!, clock) : 0;
        Child.Answer([.. reading.Take(), .. writing.Take(), late]);
    }

    private static void Work(
        IMemoryCache? cache,
        object?[] places,
        string[] reads,
        string[] writes,
        Random random,
        Times reading,
        Times writing,
        Func<int, bool> goesOn)
    {
        for (int i = 0; goesOn(i); i++)
        {
            if (i % RoundsPerMark == 0)
            {
                reading.Mark();
            }

            for (int read = 0; read < ReadsPerWrite; read++)
            {
                string key = reads[((i * ReadsPerWrite) + read) & (ReadKeys - 1)];
                reading.Start();
                object? found = cache is null ? Volatile.Read(ref places[i & (WriteKeys - 1)]) : cache.Get(key);
                reading.Stop();
                GC.KeepAlive(found);
            }

            string written = writes[i & (WriteKeys - 1)];
            TimeSpan life = s_life * random.NextDouble();
            object value = s_value;
            writing.Start();
            if (cache is null)
            {
                Volatile.Write(ref places[i & (WriteKeys - 1)], new object[14]);
            }
            else
            {
                cache.Set(written, value, life);
            }

            writing.Stop();
        }
    }

    /// <summary>
    /// Waits until the last entry is gone, and looks a key up now and then, since MemoryCache looks for expired
    /// entries only when it is used.
    /// </summary>
    /// <returns>Milliseconds since the latest moment at which an entry can have expired.</returns>
    private static double WaitUntilEmpty(IMemoryCache cache, HeldClock clock)
    {
        TimeSpan last = clock.Elapsed + s_life;
        while ((cache as BoundedMemoryCache)?.Count > 0 || (cache as MemoryCache)?.Count > 0)
        {
            if (clock.Elapsed > last + TimeSpan.FromSeconds(30))
            {
                throw new InvalidOperationException("Entries are still there 30 s after the last of them expired.");
            }

            cache.TryGetValue("none", out _);
            Thread.Sleep(1);
        }

        return (clock.Elapsed - last).TotalMilliseconds;
    }

    /// <summary>How long single operations of one kind took.</summary>
    private sealed class Times(ProcessorWaits waits)
    {
        /// <summary>How many numbers <see cref="Take"/> answers.</summary>
        public const int Numbers = 11;

        private static readonly double[] s_percentiles = [50, 99.9, 99.99, 100];
        private static readonly long[] s_bounds = [1_000, 10_000, 100_000, 1_000_000];

        private readonly LongHistogram _nanoseconds = new(
            TimeSpan.FromMinutes(1).Ticks * 100, numberOfSignificantValueDigits: 3);
        private readonly long _suspicious = Stopwatch.Frequency / 10_000;
        private GCClock _clock;
        private int _slowWithProcessor;
        private int _slowWithBoth;

        /// <summary>
        /// To be called now and then: what was waited for before this is no operation's that begins later.
        /// </summary>
        public void Mark() => waits.Take();

        public void Start() => _clock.Start();

        public void Stop()
        {
            if (_clock.Stop() is > 0 and long ticks)
            {
                long nanoseconds = (long)(ticks * (1e9 / Stopwatch.Frequency));
                _nanoseconds.RecordValue(nanoseconds);
                if (ticks > _suspicious)
                {
                    (long own, long scan) = waits.Take();
                    _slowWithProcessor += nanoseconds - own > s_bounds[^1] ? 1 : 0;
                    _slowWithBoth += nanoseconds - own - scan > s_bounds[^1] ? 1 : 0;
                }
            }
        }

        /// <summary>
        /// The number of operations, their times at some percentiles in microseconds, and how many took
        /// longer than some bounds.
        /// </summary>
        public double[] Take() =>
        [
            _nanoseconds.TotalCount,
            .. s_percentiles.Select(percentile => _nanoseconds.GetValueAtPercentile(percentile) / 1e3),
            .. s_bounds.Select(bound => (double)_nanoseconds.RecordedValues()
                .Where(step => step.ValueIteratedTo > bound)
                .Sum(static step => step.CountAddedInThisIterationStep)),
            _slowWithProcessor,
            _slowWithBoth,
        ];

        /// <summary>What several runs answered, with their numbers beginning at a place.</summary>
        public static string Describe(double[][] runs, int first)
        {
            double[] median =
                [.. Enumerable.Range(first, Numbers).Select(i => Statistics.Median(runs.Select(run => run[i])))];
            string Each(int number) =>
                string.Join(", ", runs.Select(run => run[first + number].ToString("N0", CultureInfo.InvariantCulture)));
            return $"{median[0] / 1e6:N1}M: median {median[1]:N2} us, 99.9 % {median[2]:N1}, 99.99 % {median[3]:N0}, "
                + $"longest {median[4]:N0}"
                + $" (each run: {Each(4)});"
                + $" {median[5]:N0} over 1 us, {median[6]:N0} over 10, {median[7]:N0} over 100;\n"
                + $"over 1 ms {Each(8)}; with a processor {Each(9)}; and the scan with one too {Each(10)}";
        }
    }

    /// <summary>
    /// A clock that stands still while a cache is filled, and then goes on. Its timers are the system's.
    /// </summary>
#pragma warning disable CS0618 // MemoryCache has no other way to be given a clock.
    private sealed class HeldClock : TimeProvider, Microsoft.Extensions.Internal.ISystemClock
#pragma warning restore CS0618
    {
        private readonly DateTimeOffset _start = System.GetUtcNow();
        private long _released;

        /// <summary>Is told of the threads that timers run on.</summary>
        public ProcessorWaits? Scans { get; set; }

        public TimeSpan Elapsed =>
            Volatile.Read(ref _released) is 0 ? TimeSpan.Zero : Stopwatch.GetElapsedTime(_released);

        public DateTimeOffset UtcNow => GetUtcNow();

        public override DateTimeOffset GetUtcNow() => _start + Elapsed;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            System.CreateTimer(
                given =>
                {
                    Scans?.AddThread();
                    callback(given);
                },
                state,
                dueTime,
                period);

        public void Release() => Volatile.Write(ref _released, Stopwatch.GetTimestamp());
    }

    /// <summary>
    /// For how long the thread that measures, and the threads that look for expired entries, waited for a processor.
    /// </summary>
    private sealed class ProcessorWaits : IDisposable
    {
        private readonly ThreadTimes _own = new();
        private readonly ThreadLocal<ThreadTimes> _scans = new(static () => new ThreadTimes(), trackAllValues: true);
        private ThreadTimes[] _known = [];

        /// <summary>By a thread that looks for expired entries.</summary>
        public void AddThread()
        {
            if (!_scans.IsValueCreated)
            {
                _scans.Value!.TakeWaited();
                Volatile.Write(ref _known, [.. _scans.Values]);
            }
        }

        /// <summary>Nanoseconds without a processor since the last call.</summary>
        public (long Own, long Scans) Take() =>
            (_own.TakeWaited(), Volatile.Read(ref _known).Sum(static times => times.TakeWaited()));

        public void Dispose()
        {
            _own.Dispose();
            Array.ForEach(_known, static times => times.Dispose());
            _scans.Dispose();
        }
    }
}
