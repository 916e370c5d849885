namespace BoundedCache.ShrinkDemo.CommandLine;

/// <summary>What one run was asked to do, checked: every value is usable as it stands.</summary>
internal sealed record DemoOptions
{
    public CacheKind Cache { get; init; } = CacheKind.BoundedCache;

    /// <summary>Both caches, each in a process of its own; <see cref="Cache"/> then means nothing.</summary>
    public bool Compare { get; init; }

    /// <summary>Entries to write in the second stage; means nothing with a trace.</summary>
    public long Entries { get; init; } = 2_000_000;

    public int ValueBytes { get; init; } = 1024;

    public long MaxMemoryBytes { get; init; } = 1L << 30;

    /// <summary>The limits to lower to, each below the one before, at least one.</summary>
    public IReadOnlyList<long> ShrinkToBytes { get; init; } = [100L << 20, 1];

    public ReleaseMode Release { get; init; } = ReleaseMode.Full;

    /// <summary>
    /// How long the process is watched after each step before its memory is read; twice as long after the
    /// lowering without release.
    /// </summary>
    public TimeSpan Wait { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>The access trace to replay instead of writing entries; null for none.</summary>
    public string? TraceFile { get; init; }

    /// <summary>Where the pictures go; null for nowhere.</summary>
    public string? OutputDirectory { get; init; } = "artifacts";

    /// <summary>The result as JSON on standard output instead of tables.</summary>
    public bool Json { get; init; }
}
