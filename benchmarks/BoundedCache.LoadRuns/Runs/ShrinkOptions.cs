namespace BoundedCache.LoadRuns.Runs;

/// <summary>What a shrink run is to do. Bytes and times.</summary>
internal sealed record ShrinkOptions
{
    public long MaxBytes { get; init; } = 1L << 30;

    public long NewMaxBytes { get; init; } = 100L << 20;

    public int RequestsPerSecond { get; init; } = 1200;

    /// <summary>Peers to play; empty for all.</summary>
    public IReadOnlyList<string> Rows { get; init; } = [];

    public bool ServerGC { get; init; }

    /// <summary>A tool that adds as much load as it can; null for none.</summary>
    public string? Tool { get; init; }

    /// <summary>With nothing cached, under load.</summary>
    public TimeSpan Empty { get; init; } = TimeSpan.FromSeconds(8);

    /// <summary>With a full cache, under load.</summary>
    public TimeSpan Steady { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>From the call on.</summary>
    public TimeSpan After { get; init; } = TimeSpan.FromSeconds(12);

    /// <summary>What "minutes later" is.</summary>
    public TimeSpan Later { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>With the limit raised again.</summary>
    public TimeSpan Raised { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// The same at a size at which all of it takes some seconds, to see that it works. Its figures say nothing.
    /// </summary>
    public static ShrinkOptions Quick { get; } = new()
    {
        MaxBytes = 32L << 20,

        // The least that memcached takes.
        NewMaxBytes = 8L << 20,
        RequestsPerSecond = 200,
        Empty = TimeSpan.FromSeconds(1),
        Steady = TimeSpan.FromSeconds(1),
        After = TimeSpan.FromSeconds(2.5),
        Later = TimeSpan.FromSeconds(0.5),
        Raised = TimeSpan.FromSeconds(0.5),
    };
}
