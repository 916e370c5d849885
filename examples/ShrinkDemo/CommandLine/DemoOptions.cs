namespace BoundedCache.ShrinkDemo.CommandLine;

/// <summary>The checked options of one run: every value can be used as it is.</summary>
internal sealed record DemoOptions
{
    public CacheKind Cache { get; init; } = CacheKind.BoundedCache;

    /// <summary>Runs both caches, each in its own process; <see cref="Cache"/> is then ignored.</summary>
    public bool Compare { get; init; }

    /// <summary>Entries to write in the second stage; ignored with a trace.</summary>
    public long Entries { get; init; } = 2_000_000;

    public int ValueBytes { get; init; } = 1024;

    public long MaxMemoryBytes { get; init; } = 1L << 30;

    /// <summary>The limits to lower to, each below the previous one; at least one.</summary>
    public IReadOnlyList<long> ShrinkToBytes { get; init; } = [100L << 20, 1];

    public ReleaseMode Release { get; init; } = ReleaseMode.Full;

    /// <summary>
    /// How long the process is watched after each step before its memory is read; twice as long after
    /// lowering without release.
    /// </summary>
    public TimeSpan Wait { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>The access trace to replay instead of writing entries; null for none.</summary>
    public string? TraceFile { get; init; }

    /// <summary>The directory of the pictures; null for no pictures.</summary>
    public string? OutputDirectory { get; init; } = "artifacts";

    /// <summary>Writes the result as JSON to standard output instead of tables.</summary>
    public bool Json { get; init; }
}
