using System.Diagnostics;
using System.Globalization;
using BoundedCache.Pacing;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Figures.Figures;

/// <summary>
/// How far a process goes beyond its caches' limits at any load: anonymous resident memory above an empty process,
/// sampled every 10 ms after warm-up, against what is promised. Each cache in a process of its own.
/// </summary>
internal sealed class Bound : IPartedFigure
{
    private const long MiB = 1L << 20;
    private static readonly TimeSpan s_warmUp = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan s_sampleEvery = TimeSpan.FromMilliseconds(10);

    private static readonly Case[] s_cases =
    [
        new("1 writer", 256, 1, 500, 1500),
        new("2 writers", 256, 2, 500, 1500),
        new("4 writers", 256, 4, 500, 1500),
        new("8 writers", 256, 8, 500, 1500),
        new("16 writers", 256, 16, 500, 1500),
        new("8 writers, two busy processes", 256, 8, 500, 1500, Busy: 2),
        new("8 writers, Server GC", 256, 8, 500, 1500, IsServer: true),
        new("8 writers", 32, 8, 500, 1500),
        new("8 writers", 1024, 8, 500, 1500),
        new("values of 20 KiB, 4 writers", 256, 4, 20_480, 20_480),
        new("values of 1 to 100 KiB read and replaced at random, 4 writers", 256, 4, 1024, 102_400, IsRandom: true),
        new("entries that expire after a second, 4 writers", 256, 4, 500, 1500, LifeMilliseconds: 1000),
        new("values of 200 MB", 600, 1, 200_000_000, 200_000_000, Rate: 10),
        new("values of 100 MB", 300, 1, 100_000_000, 100_000_000, Rate: 10),
        new("20,000 new entries a second", 256, 1, 500, 1500, Rate: 20_000),
        new("beside 4 GB of other live objects, 2 writers", 32, 2, 500, 1500, OtherBytes: 4_000_000_000),
    ];

    // Shows which pauses are the pacing's, where much else is alive.
    private static readonly string[] s_unpaced = ["unpaced"];

    public string Name => "bound";

    public string Title => "anonymous RSS above an empty process / limit; full speed unless said; 20 s each";

    public IReadOnlyList<string> Parts => [.. s_cases.Select(static run => run.Title)];

    public IEnumerable<Row> Run(IReadOnlyList<string> parts)
    {
        foreach (Case run in s_cases.Where(run => parts.Contains(run.Title)))
        {
            foreach (string cache in (string[])[
                "BoundedCache", "MemoryCache", .. run.OtherBytes > 0 ? s_unpaced : []])
            {
                yield return Describe(run, cache, Child.MeasureIn(run.Environment, Name, [cache, .. run.Arguments]));
            }
        }
    }

    public void Measure(string[] args)
    {
        Case run = Case.Parse(args[1..]);
        List<object> others = MakeOthers(run.OtherBytes);
        List<System.Diagnostics.Process> busy = [.. Enumerable.Range(0, run.Busy).Select(static _ =>
            System.Diagnostics.Process.Start("sh", ["-c", "while kill -0 $PPID; do :; done"]))];
        try
        {
            long empty = Resident();
            using IMemoryCache cache = args[0] == "MemoryCache"
                ? Caches.Microsoft(run.LimitBytes)
                : new BoundedMemoryCache(new BoundedMemoryCacheOptions
                {
                    MaxMemory = run.LimitBytes,
                    PacingShare = args[0] == "unpaced" ? 0 : new BoundedMemoryCacheOptions().PacingShare,
                    ExpirationScanFrequency = TimeSpan.FromSeconds(1),
                });
            Writer[] writers = [.. Enumerable.Range(0, run.Writers).Select(i => new Writer(cache, run, i))];
            Thread[] threads = [.. writers.Select(static writer => new Thread(writer.Run))];
            Array.ForEach(threads, static thread => thread.Start());
            Thread.Sleep(s_warmUp);

            Array.ForEach(writers, static writer => writer.Begin());
            TimeSpan pause = GC.GetTotalPauseDuration();
            TimeSpan ownPause = Pacer.Shared.Paused;
            long startedAt = Stopwatch.GetTimestamp();
            long peak = 0;
            var samples = new List<double>();
            var sleeps = new List<double>();
            while (Stopwatch.GetElapsedTime(startedAt).TotalSeconds < run.Seconds)
            {
                long asleep = Stopwatch.GetTimestamp();
                Thread.Sleep(s_sampleEvery);
                sleeps.Add((Stopwatch.GetElapsedTime(asleep) - s_sampleEvery).TotalMilliseconds);
                long bytes = Resident() - empty;
                peak = Math.Max(peak, bytes);
                samples.Add(bytes);
            }

            double seconds = Stopwatch.GetElapsedTime(startedAt).TotalSeconds;
            double paused = (GC.GetTotalPauseDuration() - pause).TotalSeconds;
            double ownPaused = (Pacer.Shared.Paused - ownPause).TotalSeconds;
            Array.ForEach(writers, static writer => writer.Stop());
            Array.ForEach(threads, static thread => thread.Join());
            sleeps.Sort();
            Child.Answer(
                peak / (double)run.LimitBytes,
                samples.Average() / run.LimitBytes,
                writers.Sum(static writer => writer.Writes) / seconds,
                paused / seconds,
                writers.Max(static writer => writer.LongestMilliseconds),
                sleeps[sleeps.Count * 99 / 100],
                (cache as BoundedMemoryCache)?.GetSnapshot().WriterWaits ?? 0,
                ((cache as BoundedMemoryCache)?.GetSnapshot().OverdueBytes ?? 0) / (double)MiB,
                ownPaused / seconds);
            GC.KeepAlive(others);
        }
        finally
        {
            busy.ForEach(static process => process.Kill());
        }
    }

    private static long Resident() => ProcessMemorySnapshot.Take().AnonymousBytes
        ?? throw new PlatformNotSupportedException("This figure reads RssAnon, which only Linux has.");

    /// <summary>Other objects of the process: arrays of a thousand references to arrays of 72 bytes.</summary>
    private static List<object> MakeOthers(long bytes)
    {
        var others = new List<object>();
        for (long made = 0; made < bytes; made += 104 * 1000)
        {
            object[] some = new object[1000];
            for (int i = 0; i < some.Length; i++)
            {
                some[i] = new byte[72];
            }

            others.Add(some);
        }

        GC.Collect();
        return others;
    }

    private static Row Describe(Case run, string cache, double[] numbers) => new(
        $"{run.Title}: {cache}",
        $"peak {numbers[0]:N2}, mean {numbers[1]:N2}; {numbers[2] / 1000:N1}k writes/s; GC pauses {numbers[3]:P1}"
            + (cache == "BoundedCache" ? $", {numbers[8]:P1} by pacing" : "")
            + $"; longest write {numbers[4]:N0} ms, {numbers[6]:N0} waits in all; others' p99 {numbers[5]:N1} ms late"
            + (numbers[7] > 0 ? $"; {numbers[7]:N0} MiB overdue" : ""),
        cache == "BoundedCache" ? run.Bar + (run.OtherBytes > 0 ? "; <= 2 % by pacing" : "") : "");

    /// <summary>A thread that stores entries until it is stopped.</summary>
    private sealed class Writer(IMemoryCache cache, Case run, int number)
    {
        private readonly Random _random = new(number);
        private long _writes;
        private long _writesBefore;
        private long _longest;
        private volatile bool _isStopped;

        public long Writes => Volatile.Read(ref _writes) - _writesBefore;

        public double LongestMilliseconds => Stopwatch.GetElapsedTime(0, Volatile.Read(ref _longest)).TotalMilliseconds;

        /// <summary>Counts from now on.</summary>
        public void Begin()
        {
            _writesBefore = Volatile.Read(ref _writes);
            Volatile.Write(ref _longest, 0);
        }

        public void Stop() => _isStopped = true;

        public void Run()
        {
            long startedAt = Stopwatch.GetTimestamp();
            int keys = (int)Math.Min(int.MaxValue, 4 * run.LimitBytes / (run.MaxBytes / 4.6));
            for (long i = 0; !_isStopped; i++)
            {
                string key = run.IsRandom ? $"key {_random.Next(keys)}" : $"{number}/{i}";
                if (run.IsRandom && cache.TryGetValue(key, out _))
                {
                    continue;
                }

                Write(key, NewValue());
                while (run.Rate > 0
                    && Stopwatch.GetElapsedTime(startedAt).TotalSeconds < i * run.Writers / (double)run.Rate)
                {
                    Thread.Sleep(1);
                }
            }
        }

        private void Write(string key, byte[] value)
        {
            long startedAt = Stopwatch.GetTimestamp();
            using (ICacheEntry entry = cache.CreateEntry(key))
            {
                entry.Value = value;
                if (run.LifeMilliseconds > 0)
                {
                    entry.AbsoluteExpirationRelativeToNow = TimeSpan.FromMilliseconds(run.LifeMilliseconds);
                }

                if (cache is MemoryCache)
                {
                    // What it keeps alive of an entry: BoundedCache measures that itself.
                    entry.Size = value.Length + 24 + 50 + 163;
                }
            }

            _longest = Math.Max(_longest, Stopwatch.GetTimestamp() - startedAt);
            Volatile.Write(ref _writes, _writes + 1);
        }

        /// <summary>Sizes are uniform; where keys are drawn at random their logarithms are.</summary>
        private byte[] NewValue()
        {
            int length = run.IsRandom
                ? (int)(run.MinBytes * Math.Pow((double)run.MaxBytes / run.MinBytes, _random.NextDouble()))
                : _random.Next(run.MinBytes, run.MaxBytes + 1);
            byte[] value = new byte[length];
            if (length > MiB)
            {
                value.AsSpan().Fill(1);
            }

            return value;
        }
    }

    private sealed record Case(
        string What,
        long LimitMebibytes,
        int Writers,
        int MinBytes,
        int MaxBytes,
        int Rate = 0,
        int Busy = 0,
        bool IsServer = false,
        bool IsRandom = false,
        long OtherBytes = 0,
        int LifeMilliseconds = 0,
        int Seconds = 20)
    {
        public string Title => $"{LimitMebibytes} MiB, {What}";

        public long LimitBytes => LimitMebibytes * MiB;

        public string Bar => string.Create(
            CultureInfo.InvariantCulture, $"peak <= {1.25 + (48.0 / LimitMebibytes):N2}");

        public (string Name, string Value)[] Environment => IsServer ? [("DOTNET_gcServer", "1")] : [];

        public string[] Arguments => [.. new[]
        {
            LimitMebibytes, Writers, MinBytes, MaxBytes, Rate, Busy, IsServer ? 1 : 0, IsRandom ? 1 : 0, OtherBytes,
            LifeMilliseconds, Seconds,
        }.Select(static number => number.ToString(CultureInfo.InvariantCulture))];

        public static Case Parse(string[] args)
        {
            long[] n = [.. args.Select(static text => long.Parse(text, CultureInfo.InvariantCulture))];
            return new Case(
                "", n[0], (int)n[1], (int)n[2], (int)n[3], (int)n[4], (int)n[5], n[6] == 1, n[7] == 1, n[8], (int)n[9],
                (int)n[10]);
        }
    }
}
