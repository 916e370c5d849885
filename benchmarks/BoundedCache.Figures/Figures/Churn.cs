using System.Diagnostics;
using System.Globalization;
using BoundedCache.Charts;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Figures.Figures;

/// <summary>
/// What the operating system sees of a full cache while new entries keep coming: anonymous resident memory above an
/// empty process, as a multiple of the limit, each cache in a process of its own. Draws it, too.
/// </summary>
internal sealed class Churn : IPartedFigure
{
    private const long Limit = 512L << 20;
    private const string Picture = "artifacts/churn.svg";

    // What was asked for with default settings, and for the settings that the docs recommend, which are the default
    // ones; and of the processor's time no more than the peer takes.
    private const string Bar = "peak <= 1.25, mean <= 1.20";
    private const string Recommended = "peak <= 1.20, mean <= 1.15, processor <= MemoryCache's";

    private static readonly TimeSpan s_sampleEvery = TimeSpan.FromMilliseconds(50);

    private static readonly Case[] s_steady =
    [
        new("steady: BoundedCache", "bounded", 20_000, 512, 1536, 30, Recommended),
        new("steady: BoundedCache, PacingShare 0.03", "0.03", 20_000, 512, 1536, 30, Recommended),
        new("steady: BoundedCache without pacing", "0", 20_000, 512, 1536, 30),
        new("steady: MemoryCache", "memory-cache", 20_000, 512, 1536, 30),
    ];

    private static readonly Case[] s_others =
    [
        new("full speed: BoundedCache", "bounded", 0, 512, 1536, 15, "peak <= 1.35"),
        new("full speed: BoundedCache without pacing", "0", 0, 512, 1536, 15),
        new("full speed: MemoryCache", "memory-cache", 0, 512, 1536, 15),
        new("20 KiB values: BoundedCache", "bounded", 2_000, 20_480, 20_480, 30, "peak <= 1.15"),
        new("20 KiB values: MemoryCache", "memory-cache", 2_000, 20_480, 20_480, 30),
        new("Server GC: BoundedCache", "bounded", 20_000, 512, 1536, 30, Bar, IsServer: true),
        new("Server GC: MemoryCache", "memory-cache", 20_000, 512, 1536, 30, IsServer: true),
        new(
            "Server GC, no adaptation: BoundedCache", "bounded", 20_000, 512, 1536, 30, Bar, IsServer: true,
            Adapts: false),
        new(
            "Server GC, no adaptation: MemoryCache", "memory-cache", 20_000, 512, 1536, 30, IsServer: true,
            Adapts: false),
    ];

    public string Name => "churn";

    public IReadOnlyList<string> Parts => [.. s_steady.Concat(s_others).Select(static run => run.Title)];

    public string Title =>
        "RSS above an empty process / limit of 512 MiB, every value new; 0.5 to 1.5 KiB at 20,000 a second unless said";

    public IEnumerable<Row> Run(IReadOnlyList<string> parts)
    {
        var drawn = new List<ChartPanel>();
        foreach (Case run in s_steady.Concat(s_others).Where(run => parts.Contains(run.Title)))
        {
            string samples = Path.GetTempFileName();
            Row row;
            try
            {
                row = Describe(run, Child.MeasureIn(run.Environment, Name, [.. run.Arguments, samples]));
                if (s_steady.Contains(run))
                {
                    drawn.Add(Panel(run, File.ReadAllLines(samples)));
                }
            }
            finally
            {
                File.Delete(samples);
            }

            yield return row;
        }

        if (drawn.Count == s_steady.Length)
        {
            Draw(drawn);
            yield return new("picture", Picture);
        }
    }

    public void Measure(string[] args)
    {
        int rate = int.Parse(args[1], CultureInfo.InvariantCulture);
        (int min, int max) =
            (int.Parse(args[2], CultureInfo.InvariantCulture), int.Parse(args[3], CultureInfo.InvariantCulture));
        var duration = TimeSpan.FromSeconds(int.Parse(args[4], CultureInfo.InvariantCulture));
        long empty = ProcessMemorySnapshot.Take().AnonymousBytes
            ?? throw new PlatformNotSupportedException("This figure reads RssAnon, which only Linux has.");
        using IMemoryCache cache = args[0] == "memory-cache"
            ? Caches.Microsoft(Limit)
            : new BoundedMemoryCache(new BoundedMemoryCacheOptions
            {
                MaxMemory = Limit,
                PacingShare = args[0] == "bounded"
                    ? new BoundedMemoryCacheOptions().PacingShare
                    : double.Parse(args[0], CultureInfo.InvariantCulture),
            });

        // Full first, at the same rate times four, so that what follows is steady.
        var random = new Random(1);
        long written = 0;
        using (var filling = new Sampler(empty))
        {
            Write(cache, random, min, max, rate * 4, () => written < Limit + (Limit / 8), ref written);
        }

        using System.Diagnostics.Process process = System.Diagnostics.Process.GetCurrentProcess();
        TimeSpan processor = process.TotalProcessorTime;
        TimeSpan pause = GC.GetTotalPauseDuration();
        int full = GC.CollectionCount(2);
        long started = Stopwatch.GetTimestamp();
        using var sampler = new Sampler(empty);
        long inserts = Write(
            cache, random, min, max, rate, () => Stopwatch.GetElapsedTime(started) < duration, ref written);
        double seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        List<(double Seconds, long Bytes)> samples = sampler.Stop();
        process.Refresh();
        File.WriteAllLines(args[5], samples.Select(static sample =>
            string.Create(CultureInfo.InvariantCulture, $"{sample.Seconds} {sample.Bytes}")));
        Child.Answer(
            samples.Max(static sample => sample.Bytes) / (double)Limit,
            samples.Average(static sample => sample.Bytes) / Limit,
            (process.TotalProcessorTime - processor).TotalSeconds,
            (GC.GetTotalPauseDuration() - pause).TotalSeconds,
            GC.CollectionCount(2) - full,
            inserts / seconds,
            seconds);
        GC.KeepAlive(cache);
    }

    /// <summary>
    /// Stores new entries while <paramref name="goOn"/> says so, <paramref name="rate"/> a second or,
    /// for 0, as fast as it goes.
    /// </summary>
    /// <returns>How many.</returns>
    private static long Write(
        IMemoryCache cache, Random random, int min, int max, int rate, Func<bool> goOn, ref long writtenBytes)
    {
        long started = Stopwatch.GetTimestamp();
        long count = 0;
        while (goOn())
        {
            byte[] value = new byte[random.Next(min, max + 1)];
            string key = Guid.NewGuid().ToString("N");
            using (ICacheEntry entry = cache.CreateEntry(key))
            {
                entry.Value = value;
                if (cache is MemoryCache)
                {
                    // What it keeps alive of an entry, counted as BoundedCache counts: value, key of 32
                    // characters, and its own 163 bytes.
                    entry.Size = value.Length + 24 + 88 + 163;
                }
            }

            writtenBytes += value.Length + 24 + 88 + 54;
            count++;
            while (rate > 0 && Stopwatch.GetElapsedTime(started).TotalSeconds < count / (double)rate)
            {
                Thread.Sleep(1);
            }
        }

        return count;
    }

    private static Row Describe(Case run, double[] numbers) => new(
        run.Title,
        $"peak {numbers[0]:N2}, mean {numbers[1]:N2}; {numbers[2] / numbers[6]:P0} of a processor, "
            + $"GC pauses {numbers[3] / numbers[6]:P1}, {numbers[4]:N0} full collections; {numbers[5]:N0} inserts/s",
        run.Bar);

    private static ChartPanel Panel(Case run, string[] samples)
    {
        ChartPoint[] points = [.. samples.Select(static line => line.Split(' ')).Select(static fields => new ChartPoint(
            TimeSpan.FromSeconds(double.Parse(fields[0], CultureInfo.InvariantCulture)),
            long.Parse(fields[1], CultureInfo.InvariantCulture)))];
        return new ChartPanel
        {
            Heading = run.Title.Split(": ")[1],
            Series =
            [
                new ChartSeries("RSS above an empty process", SeriesStyle.Emphasis, points),
                new ChartSeries(
                    "limit",
                    SeriesStyle.Limit,
                    [new ChartPoint(points[0].Time, Limit), new ChartPoint(points[^1].Time, Limit)]),
            ],
            Stages = [],
            Callouts = [],
        };
    }

    private static void Draw(List<ChartPanel> panels)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Picture)!);
        var figure = new ChartFigure
        {
            Title = "A full cache of 512 MiB takes 20,000 new entries a second",
            Subtitle = $"values of 0.5 to 1.5 KiB, each cache in its own process; .NET {Environment.Version}, "
                + $"{Environment.ProcessorCount} cores",
            Description = "Anonymous resident memory above an empty process over time, against the cache's limit.",
            Panels = panels,
        };
        File.WriteAllText(Picture, SvgChartWriter.Write(figure));
    }

    /// <summary>
    /// One run: which cache (or BoundedCache's <c>PacingShare</c>), entries a second (0 for no limit), bytes of values,
    /// for how long, under which collector.
    /// </summary>
    private sealed record Case(
        string Title,
        string Cache,
        int Rate,
        int MinBytes,
        int MaxBytes,
        int Seconds,
        string Bar = "",
        bool IsServer = false,
        bool Adapts = true)
    {
        public string[] Arguments =>
            [Cache, .. new[] { Rate, MinBytes, MaxBytes, Seconds }.Select(static number => $"{number}")];

        public (string Name, string Value)[] Environment =>
            IsServer ? [("DOTNET_gcServer", "1"), ("DOTNET_GCDynamicAdaptationMode", Adapts ? "1" : "0")] : [];
    }

    /// <summary>A thread that reads the process's anonymous resident memory over and over.</summary>
    private sealed class Sampler : IDisposable
    {
        private readonly List<(double Seconds, long Bytes)> _samples = [];
        private readonly ManualResetEventSlim _stop = new();
        private readonly Thread _thread;

        public Sampler(long empty)
        {
            long started = Stopwatch.GetTimestamp();
            _thread = new Thread(() =>
            {
                do
                {
                    _samples.Add((
                        Stopwatch.GetElapsedTime(started).TotalSeconds,
                        ProcessMemorySnapshot.Take().AnonymousBytes!.Value - empty));
                }
                while (!_stop.Wait(s_sampleEvery));
            });
            _thread.Start();
        }

        public List<(double Seconds, long Bytes)> Stop()
        {
            _stop.Set();
            _thread.Join();
            return _samples;
        }

        public void Dispose() => Stop();
    }
}
