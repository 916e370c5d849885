namespace BoundedCache.Report;

/// <summary>What a <see cref="MemoryAnalyzer"/> found.</summary>
internal sealed record MemoryAnalysis
{
    /// <summary>The process taken apart.</summary>
    public required MemoryBreakdown Breakdown { get; init; }

    /// <summary>What the caches said.</summary>
    public required CacheShare Caches { get; init; }

    /// <summary>
    /// Whether the kernel counted the managed heap's pages; false where its size is the collector's own figure.
    /// </summary>
    public required bool IsHeapCounted { get; init; }

    /// <summary>Time for which collections stopped the managed threads meanwhile.</summary>
    public required TimeSpan GCPause { get; init; }

    /// <summary>Time that it took.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>What could not be told, and why, as sentences.</summary>
    public required IReadOnlyList<string> Notes { get; init; }
}
