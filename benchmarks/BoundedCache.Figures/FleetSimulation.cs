using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Figures;

/// <summary>
/// A fleet, request by request: each node has an LRU of its own, behind them is one second level with an LRU, and
/// behind that the origin. All values have the same size. The same settings give the same result.
/// </summary>
/// <remarks>
/// A node asks once for a key that many of its requests want. What the origin answers is in the second level after the
/// origin's latency; nodes that ask meanwhile ask the origin too.
/// </remarks>
internal sealed class FleetSimulation : IDisposable
{
    private static readonly object s_value = new();

    private readonly FleetSettings _settings;
    private readonly BoundedMemoryCache[] _nodes;
    private readonly BoundedMemoryCache _secondLevel;
    private readonly string[] _keys;
    private readonly Zipf _zipf;
    private readonly Random _random;
    private readonly Queue<(double Second, string Key)> _underWay = new();
    private long _secondLevelReads;
    private long _originReads;

    private FleetSimulation(FleetSettings settings)
    {
        _settings = settings;
        _nodes = [.. Enumerable.Range(0, settings.Nodes).Select(_ => Lru(settings.NodeEntries))];
        _secondLevel = Lru(settings.SecondLevelEntries);
        _keys = [.. Enumerable.Range(0, settings.Keys).Select(EntryKey.Create)];
        _random = new Random(settings.Seed);
        _zipf = new Zipf(settings.Keys, settings.Exponent, _random);
    }

    /// <summary>Warms all caches, then looks at some seconds before a change and some after it began.</summary>
    /// <param name="settings">The fleet.</param>
    /// <param name="change">What is done to each node; null for nothing.</param>
    /// <param name="batch">How many nodes at a time.</param>
    /// <param name="pause">The seconds between two batches.</param>
    public static FleetResult Run(FleetSettings settings, FleetChange? change, int batch, int pause)
    {
        using var fleet = new FleetSimulation(settings);
        for (int second = -settings.WarmSeconds; second < 0; second++)
        {
            fleet.Second(second);
        }

        var reads = new List<(long SecondLevel, long Origin)>();
        for (int second = 0, changed = 0; second < settings.SecondsBefore + settings.SecondsAfter; second++)
        {
            int since = second - settings.SecondsBefore;
            if (change is not null && since >= 0 && changed < settings.Nodes && since % Math.Max(1, pause) == 0)
            {
                foreach (BoundedMemoryCache node in fleet._nodes.Skip(changed).Take(batch))
                {
                    fleet.Change(node, change.Value);
                }

                changed += batch;
            }

            reads.Add(fleet.Second(second));
        }

        return new FleetResult(
            settings,
            [.. reads.Select(static second => second.SecondLevel)],
            [.. reads.Select(static second => second.Origin)]);
    }

    public void Dispose()
    {
        Array.ForEach(_nodes, static node => node.Dispose());
        _secondLevel.Dispose();
    }

    private static BoundedMemoryCache Lru(long entries) => new(new BoundedMemoryCacheOptions
    {
        MaxMemory = entries,
        Sizing = EntrySizing.Declared,
        ReleaseMode = ReleaseMode.None,
        ExpirationScanFrequency = TimeSpan.FromDays(1),
    });

    private static void Set(BoundedMemoryCache cache, string key)
    {
        using ICacheEntry entry = cache.CreateEntry(key);
        entry.Value = s_value;
        entry.Size = 1;
    }

    private void Change(BoundedMemoryCache node, FleetChange change)
    {
        if (change == FleetChange.Restart)
        {
            node.Clear();
        }

        node.MaxMemory = _settings.NodeEntriesAfter;
    }

    /// <returns>How many requests reached the second level and the origin in this second.</returns>
    private (long SecondLevel, long Origin) Second(int second)
    {
        (long secondLevel, long origin) = (_secondLevelReads, _originReads);
        int requests = _settings.RequestsPerSecond * _nodes.Length;
        for (int i = 0; i < requests; i++)
        {
            Request(_nodes[i % _nodes.Length], _keys[_zipf.Next(_random)], second + ((double)i / requests));
        }

        return (_secondLevelReads - secondLevel, _originReads - origin);
    }

    private void Request(BoundedMemoryCache node, string key, double now)
    {
        while (_underWay.TryPeek(out (double Second, string Key) answer) && answer.Second <= now)
        {
            Set(_secondLevel, _underWay.Dequeue().Key);
        }

        if (node.TryGetValue(key, out _))
        {
            return;
        }

        _secondLevelReads++;
        if (!_secondLevel.TryGetValue(key, out _))
        {
            _originReads++;
            _underWay.Enqueue((now + _settings.OriginSeconds, key));
        }

        Set(node, key);
    }
}

/// <summary>What is done to a node.</summary>
internal enum FleetChange
{
    /// <summary>Its limit is lowered while it runs: it keeps what was used last.</summary>
    Lower,

    /// <summary>It is restarted with the lower limit: it begins empty.</summary>
    Restart,
}

/// <summary>A fleet. Capacities are in entries, all of one size.</summary>
internal sealed record FleetSettings
{
    public int Nodes { get; init; } = 100;

    public int Keys { get; init; } = 50_000;

    /// <summary>Zipf's exponent.</summary>
    public double Exponent { get; init; } = 0.99;

    public int NodeEntries { get; init; } = 10_000;

    public int NodeEntriesAfter { get; init; } = 2_500;

    public int SecondLevelEntries { get; init; } = 15_000;

    /// <summary>Requests to each node.</summary>
    public int RequestsPerSecond { get; init; } = 200;

    public double OriginSeconds { get; init; } = 0.05;

    public int WarmSeconds { get; init; } = 500;

    public int SecondsBefore { get; init; } = 60;

    public int SecondsAfter { get; init; } = 300;

    public int Seed { get; init; } = 1;
}

/// <summary>What reached the second level and the origin, second by second.</summary>
internal sealed record FleetResult(
    FleetSettings Settings, IReadOnlyList<long> SecondLevelReads, IReadOnlyList<long> OriginReads)
{
    public Load SecondLevel => Load.From(SecondLevelReads, Settings);

    public Load Origin => Load.From(OriginReads, Settings);
}

/// <summary>Requests a second.</summary>
/// <param name="Before">On average before the change.</param>
/// <param name="Peak">In the worst second after it began.</param>
/// <param name="After">On average over the last 60 seconds.</param>
/// <param name="More">How many more there were after it began than there would have been as before, in all.</param>
/// <param name="SecondsAbove">How many seconds had more than a tenth above <paramref name="After"/>.</param>
internal sealed record Load(double Before, double Peak, double After, double More, int SecondsAbove)
{
    private const int Last = 60;

    public static Load From(IReadOnlyList<long> reads, FleetSettings settings)
    {
        double before = reads.Take(settings.SecondsBefore).Average();
        long[] after = [.. reads.Skip(settings.SecondsBefore)];
        double lasting = after.TakeLast(Last).Average();
        return new Load(
            before,
            after.Max(),
            lasting,
            after.Sum() - (before * after.Length),
            after.Count(second => second > 1.1 * lasting));
    }
}
