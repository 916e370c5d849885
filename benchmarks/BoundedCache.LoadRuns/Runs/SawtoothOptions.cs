namespace BoundedCache.LoadRuns.Runs;

/// <summary>What a sawtooth is to do. Bytes and times.</summary>
internal sealed record SawtoothOptions
{
    public long HighMaxBytes { get; init; } = 1L << 30;

    public long LowMaxBytes { get; init; } = 100L << 20;

    public int RequestsPerSecond { get; init; } = 500;

    public bool ServerGC { get; init; }

    /// <summary>Whether the service has a byte cache instead of one of objects.</summary>
    public bool IsBytes { get; init; }

    /// <summary>For how long teeth follow each other.</summary>
    public TimeSpan Duration { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>For how long the limit stays low, and at the least for how long it stays high.</summary>
    public TimeSpan Hold { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Teeth before the first that counts.</summary>
    public int WarmTeeth { get; init; } = 3;

    /// <summary>With nothing cached, under load.</summary>
    public TimeSpan Empty { get; init; } = TimeSpan.FromSeconds(8);

    /// <summary>
    /// The same at a size at which all of it takes some seconds, to see that it works. Its figures say nothing.
    /// </summary>
    public static SawtoothOptions Quick { get; } = new()
    {
        HighMaxBytes = 32L << 20,
        LowMaxBytes = 4L << 20,
        RequestsPerSecond = 200,
        Duration = TimeSpan.FromSeconds(3),
        Hold = TimeSpan.FromSeconds(0.5),
        WarmTeeth = 1,
        Empty = TimeSpan.FromSeconds(1),
    };
}
