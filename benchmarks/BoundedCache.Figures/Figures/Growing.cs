using System.Diagnostics;

namespace BoundedCache.Figures.Figures;

/// <summary>
/// How long it takes until values are charged that grow after they were stored, and what the thread takes that looks
/// for them. The more objects a value has, the longer; see docs/SIZES.md.
/// </summary>
internal sealed class Growing : IPartedFigure
{
    private const int Values = 1000;
    private const int Bytes = 50_000;
    private const long Limit = 16L << 20;
    private const double Bound = 1.3;
    private const int Minute = 60;
    private const int GetsPerMillisecond = 100;
    private const int MostMinutes = 10;
    private const int Million = 1_000_000;
    private const string AmongMillion = "a field of one among a million small values";

    private static readonly Kind[] s_kinds =
    [
        new("a Lazy that is made", static () => new Lazy<byte[]>(static () => new byte[Bytes]),
            static value => _ = ((Lazy<byte[]>)value).Value),
        new("a Task that ends", static () => new Pending().Task, static value => Pending.End((Task<byte[]>)value)),
        new("a Lazy<Task>", static () => new Lazy<Task<byte[]>>(static () => Task.Run(static () => new byte[Bytes])),
            static value => ((Lazy<Task<byte[]>>)value).Value.Wait()),
        new("a field", static () => new Holder(), static value => ((Holder)value).Content = new byte[Bytes]),
        new("a list of one array", static () => new List<object>(),
            static value => ((List<object>)value).Add(new byte[Bytes])),
        new("a list of 500 texts", static () => new List<object>(),
            static value => Repeat(() => ((List<object>)value).Add(new string('x', 34)))),
        new("a list of 500 records with a text each", static () => new List<object>(),
            static value => Repeat(() => ((List<object>)value).Add(new Holder { Content = new string('x', 17) }))),
        new("a linked list of 500 texts", static () => new LinkedList<string>(),
            static value => Repeat(() => ((LinkedList<string>)value).AddLast(new string('x', 14)))),
    ];

    public string Name => "growing";

    public string Title => $"{Values:N0} values that grow from nothing to {Bytes / 1000} KB after they were stored, "
        + $"limit 16 MiB, {GetsPerMillisecond} gets a millisecond";

    public IReadOnlyList<string> Parts => [.. s_kinds.Select(static kind => kind.Title), AmongMillion];

    public IEnumerable<Row> Run(IReadOnlyList<string> parts)
    {
        foreach (Kind kind in s_kinds.Where(kind => parts.Contains(kind.Title)))
        {
            double[] values = Child.Measure(Name, kind.Title);
            yield return new(
                kind.Title,
                (values[0] <= Minute
                    ? $"live heap below {Bound} x the limit after {values[0]:N0} s"
                    : $"live heap still at {values[1]:N2} x the limit after {Minute} s")
                    + $"; the thread took {values[2]:N1} % of a processor until then, {values[3]:N2} % of the minute",
                "<= 15 s; <= 1 %");
        }

        if (parts.Contains(AmongMillion))
        {
            double[] values = Child.Measure(Name, AmongMillion);
            yield return new(
                AmongMillion,
                (values[0] == double.MaxValue ? $"not found in {MostMinutes} minutes" : $"found after {values[0]:N0} s")
                    + $"; the thread took {values[1]:N2} % of a processor until then",
                "<= 120 s; <= 1 %");
        }
    }

    public void Measure(string[] args)
    {
        if (args[0] == AmongMillion)
        {
            MeasureAmongMillion();
            return;
        }

        Kind kind = s_kinds.Single(kind => kind.Title == args[0]);
        long empty = GC.GetTotalMemory(forceFullCollection: true);
        using var cache = new BoundedMemoryCache(new BoundedMemoryCacheOptions { MaxMemory = Limit });
        Fill(cache, kind);
        long started = Stopwatch.GetTimestamp();
        int next = 0;
        double heap;
        do
        {
            UseForOneSecond(cache, ref next);
            heap = (GC.GetTotalMemory(forceFullCollection: true) - empty) / (double)Limit;
        }
        while (heap >= Bound && Stopwatch.GetElapsedTime(started).TotalSeconds < Minute);

        double seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        double firstPercent = 100 * AuditSeconds() / seconds;
        while (Stopwatch.GetElapsedTime(started).TotalSeconds < Minute)
        {
            UseForOneSecond(cache, ref next);
        }

        double minutePercent = 100 * AuditSeconds() / Stopwatch.GetElapsedTime(started).TotalSeconds;
        Child.Answer(heap < Bound ? Math.Round(seconds) : double.MaxValue, heap, firstPercent, minutePercent);
    }

    private static void MeasureAmongMillion()
    {
        using var cache = new BoundedMemoryCache(new BoundedMemoryCacheOptions { MaxMemory = 1L << 30 });
        Holder[] values = [.. Enumerable.Range(0, Million).Select(static i => new Holder { Content = $"small {i}" })];
        for (int i = 0; i < Million; i++)
        {
            cache.Set(i, values[i]);
        }

        double before = AuditSeconds();
        long started = Stopwatch.GetTimestamp();
        values[Million / 2].Content = new byte[Bytes];
        int next = 0;
        do
        {
            UseForOneSecond(cache, ref next);
        }
        while (cache.GetSnapshot().ChangedEntries == 0 && Stopwatch.GetElapsedTime(started).TotalMinutes < MostMinutes);

        double seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        Child.Answer(
            cache.GetSnapshot().ChangedEntries == 0 ? double.MaxValue : Math.Round(seconds),
            100 * (AuditSeconds() - before) / seconds);
    }

    private static void UseForOneSecond(BoundedMemoryCache cache, ref int next)
    {
        long started = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(started).TotalSeconds < 1)
        {
            for (int i = 0; i < GetsPerMillisecond; i++)
            {
                cache.TryGetValue(next++ % Values, out _);
            }

            Thread.Sleep(1);
        }
    }

    private static void Fill(BoundedMemoryCache cache, Kind kind)
    {
        object[] values = [.. Enumerable.Range(0, Values).Select(_ => kind.Make())];
        for (int i = 0; i < Values; i++)
        {
            cache.Set(i, values[i]);
        }

        Array.ForEach(values, kind.Fill);
    }

    /// <summary>Seconds on a processor of the thread that measures values again.</summary>
    private static double AuditSeconds()
    {
        double seconds = 0;
        foreach (string task in Directory.EnumerateDirectories("/proc/self/task"))
        {
            try
            {
                seconds += File.ReadAllText($"{task}/comm").StartsWith("BoundedCache au", StringComparison.Ordinal)
                    ? long.Parse(File.ReadAllText($"{task}/schedstat").Split(' ')[0]) / 1e9
                    : 0;
            }
            catch (DirectoryNotFoundException)
            {
                // Another thread, which ended meanwhile.
            }
        }

        return seconds;
    }

    private static void Repeat(Action action)
    {
        for (int i = 0; i < 500; i++)
        {
            action();
        }
    }

    private sealed record Kind(string Title, Func<object> Make, Action<object> Fill);

    private sealed class Holder
    {
        public object? Content { get; set; }
    }

    /// <summary>A task that ends when it is told to.</summary>
    private sealed class Pending
    {
        private static readonly System.Runtime.CompilerServices.ConditionalWeakTable<Task, Pending> s_all = [];
        private readonly TaskCompletionSource<byte[]> _source =
            new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Pending() => s_all.Add(_source.Task, this);

        public Task<byte[]> Task => _source.Task;

        public static void End(Task<byte[]> task)
        {
            if (s_all.TryGetValue(task, out Pending? pending))
            {
                pending._source.SetResult(new byte[Bytes]);
            }
        }
    }
}
