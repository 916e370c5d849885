namespace BoundedCache;

/// <summary>One part of this process's resident memory.</summary>
public sealed record MemoryReportRow
{
    /// <summary>What it is.</summary>
    public required MemoryReportRowKind Kind { get; init; }

    /// <summary>Its size in bytes; never negative.</summary>
    public required long Bytes { get; init; }

    /// <summary>False where the kernel or the collector counted these bytes; true where they were inferred.</summary>
    public required bool IsEstimate { get; init; }

    /// <summary>Where the figure comes from, in a few words.</summary>
    public required string Basis { get; init; }

    /// <summary>
    /// What the row is made of, as far as that is known; adds up to <see cref="Bytes"/>, or is empty.
    /// </summary>
    public IReadOnlyList<MemoryReportPart> Parts { get; init; } = [];
}
