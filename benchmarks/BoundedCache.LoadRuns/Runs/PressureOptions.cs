namespace BoundedCache.LoadRuns.Runs;

/// <summary>What a pressure run is to do. Bytes and times.</summary>
internal sealed record PressureOptions
{
    public int InsertsPerSecond { get; init; } = 2000;

    public int RequestsPerSecond { get; init; } = 300;

    public int Steps { get; init; } = 10;

    /// <summary>What other code takes of native memory in each step.</summary>
    public int NativeStepBytes { get; init; } = 20_000_000;

    /// <summary>What it takes of managed memory in each step.</summary>
    public int ManagedStepBytes { get; init; } = 10_000_000;

    /// <summary>From step to step.</summary>
    public TimeSpan StepTime { get; init; } = TimeSpan.FromSeconds(1.5);

    /// <summary>Before the first step.</summary>
    public TimeSpan Steady { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long everything stays taken.</summary>
    public TimeSpan Held { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long the limit may take to be back.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(90);

    /// <summary>The services, in the order of the table.</summary>
    public IReadOnlyList<ContainerSetup> Cases { get; init; } =
    [
        new("BoundedCache", "bounded", 768L << 20, 512L << 20),
        new("MemoryCache", "memory-cache", 768L << 20, 512L << 20),
    ];

    /// <summary>
    /// The same at a size at which all of it takes some seconds, to see that it works. Its figures say nothing.
    /// </summary>
    public static PressureOptions Quick { get; } = new()
    {
        InsertsPerSecond = 500,
        RequestsPerSecond = 100,
        Steps = 4,
        StepTime = TimeSpan.FromSeconds(0.5),
        Steady = TimeSpan.FromSeconds(1),
        Held = TimeSpan.FromSeconds(5),
        Cases = [new("BoundedCache", "bounded", 256L << 20, 96L << 20)],
    };
}
