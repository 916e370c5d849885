namespace BoundedCache.LoadRuns.Runs;

/// <summary>What a container run is to do. Bytes and times.</summary>
internal sealed record ContainerOptions
{
    public int InsertsPerSecond { get; init; } = 20_000;

    /// <summary>The largest of the new entries, in bytes; the smallest has one. Null for the usual size.</summary>
    public int? MostBytes { get; init; }

    public int RequestsPerSecond { get; init; } = 300;

    /// <summary>Processes beside the services that each keep a processor busy.</summary>
    public int BusyProcesses { get; init; }

    /// <summary>For how long each service is watched.</summary>
    public TimeSpan Duration { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The services, in the order of the table.</summary>
    public IReadOnlyList<ContainerSetup> Cases { get; init; } =
    [
        new("BoundedCache", "bounded", 768L << 20, 512L << 20),
        new("MemoryCache", "memory-cache", 768L << 20, 512L << 20),
        new("BoundedCache, the limit it names", "bounded", 768L << 20, 460L << 20),
        new("MemoryCache, the same limit", "memory-cache", 768L << 20, 460L << 20),
        new("BoundedCache, limit too high", "bounded", 640L << 20, 450L << 20),
    ];

    /// <summary>A limit that the container cannot hold at such a rate, for ten minutes.</summary>
    public static ContainerOptions TooHigh { get; } = new()
    {
        Duration = TimeSpan.FromMinutes(10),
        Cases = [new("BoundedCache, limit too high", "bounded", 640L << 20, 450L << 20)],
    };

    /// <summary>Small containers, and large values.</summary>
    public static ContainerOptions Small { get; } = new()
    {
        InsertsPerSecond = 4000,
        MostBytes = 200 * 1024,
        RequestsPerSecond = 100,
        Cases =
        [
            new("BoundedCache, 50 % of 128 MiB", "bounded", 128L << 20, 64L << 20),
            new("BoundedCache, 75 % of 128 MiB", "bounded", 128L << 20, 96L << 20),
            new("BoundedCache, 50 % of 256 MiB", "bounded", 256L << 20, 128L << 20),
            new("BoundedCache, 75 % of 256 MiB", "bounded", 256L << 20, 192L << 20),
        ],
    };

    /// <summary>The largest limits that fit, as the README's table has them.</summary>
    public static ContainerOptions Fitting { get; } = new()
    {
        Cases =
        [
            .. from pair in ((int Group, int Max)[])
                [(256, 115), (512, 268), (768, 422), (1024, 576), (2048, 1190), (4096, 2419)]
               select new ContainerSetup(
                   $"BoundedCache, {pair.Max} MiB", "bounded", (long)pair.Group << 20, (long)pair.Max << 20),
        ],
    };

    /// <summary>
    /// The same at a size at which all of it takes some seconds, to see that it works. Its figures say nothing.
    /// </summary>
    public static ContainerOptions Quick { get; } = new()
    {
        InsertsPerSecond = 2000,
        RequestsPerSecond = 100,
        Duration = TimeSpan.FromSeconds(2),
        Cases =
        [
            new("BoundedCache", "bounded", 256L << 20, 32L << 20),
            new("BoundedCache, limit too high", "bounded", 256L << 20, 180L << 20),
        ],
    };
}

/// <summary>One service in a group of its own.</summary>
internal sealed record ContainerSetup(string Title, string Cache, long GroupBytes, long MaxBytes);
