namespace BoundedCache.LoadService.Control;

/// <summary>The service as it sees itself. Bytes; milliseconds since its start.</summary>
internal sealed record ServiceState
{
    public required long MaxBytes { get; init; }

    public required long UsedBytes { get; init; }

    /// <summary>The limit that holds: less than <see cref="MaxBytes"/> while the cache yields.</summary>
    public required long EffectiveMaxBytes { get; init; }

    public required long Entries { get; init; }

    public required long Hits { get; init; }

    public required long Misses { get; init; }

    public required long Inserted { get; init; }

    public required double GcPauseMilliseconds { get; init; }

    public required int FullCollections { get; init; }

    public required double ProcessorMilliseconds { get; init; }

    public required double UptimeMilliseconds { get; init; }

    /// <summary>Whether it runs under Server GC.</summary>
    public required bool IsServerGC { get; init; }

    /// <summary>What the memory report advises.</summary>
    public required IReadOnlyList<string> Findings { get; init; }
}
