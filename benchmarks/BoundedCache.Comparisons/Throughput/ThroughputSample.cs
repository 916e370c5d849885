namespace BoundedCache.Comparisons.Throughput;

/// <summary>What one process measured. Sums are over the measured time, all threads together.</summary>
internal sealed record ThroughputSample
{
    /// <summary>Reads and sets that were stored. A set that was refused is no operation done.</summary>
    public required double OpsPerSecond { get; init; }

    /// <summary>Hits among reads; NaN does not travel in JSON, so null where nothing was read.</summary>
    public required double? HitRatio { get; init; }

    public required double GCPauseMilliseconds { get; init; }

    public required int Gen0 { get; init; }

    public required int Gen1 { get; init; }

    public required int Gen2 { get; init; }

    /// <summary>Processor time of the whole process, the collector's threads included.</summary>
    public required double CpuSeconds { get; init; }

    /// <summary>
    /// Heap bytes per entry after a full collection, beyond the entry's value; keys exist beforehand and count nowhere.
    /// </summary>
    public required double BytesPerEntry { get; init; }

    /// <summary>
    /// The most by which entries times their size were seen above the limit, as a share of it; null
    /// where the peer has no limit.
    /// </summary>
    public required double? OverLimit { get; init; }

    /// <summary>
    /// The share of sets whose entry was not in the cache right afterwards: the cache refused it without a word.
    /// Every sixteenth set is looked at.
    /// </summary>
    public required double? Refused { get; init; }

    /// <summary>Sets a second that were stored.</summary>
    public required double StoredPerSecond { get; init; }

    public required long Entries { get; init; }
}
