namespace BoundedCache.LoadRuns.Results;

/// <summary>All rows of the shrink story, and what they had in common.</summary>
internal sealed record ShrinkResult
{
    public required long MaxBytes { get; init; }

    public required long NewMaxBytes { get; init; }

    public required int RequestsPerSecond { get; init; }

    public required bool ServerGC { get; init; }

    public required IReadOnlyList<ShrinkRow> Rows { get; init; }

    /// <summary>Peers that did not play, and why.</summary>
    public required IReadOnlyList<string> Skipped { get; init; }
}
