namespace BoundedCache.Comparisons.Latency;

/// <summary>What goes on beside the operations that are timed.</summary>
internal enum Situation
{
    Steady,
    Shrink,
    Expiry,
}

/// <summary>One cache in one situation for one measurement.</summary>
internal sealed record LatencyCase
{
    /// <summary>
    /// The peer that is none: the schedule is kept and nothing done, which is what the machine and
    /// the method themselves cost.
    /// </summary>
    public const string Nothing = "nothing (the machine)";

    public required string Peer { get; init; }

    public required Situation Situation { get; init; }

    /// <summary>Operations a second, all threads together.</summary>
    public required int Rate { get; init; }

    public required int Threads { get; init; }

    public required int Entries { get; init; }

    public required double Seconds { get; init; }
}

/// <summary>
/// What one process measured; times in microseconds, from the moment at which an operation was due to its end.
/// </summary>
internal sealed record LatencySample
{
    public required long Operations { get; init; }

    public required double P50 { get; init; }

    public required double P99 { get; init; }

    public required double P999 { get; init; }

    public required double P9999 { get; init; }

    public required double Max { get; init; }

    public required double GCPauseMilliseconds { get; init; }

    public required double LongestGCPauseMilliseconds { get; init; }

    public required int Collections { get; init; }

    /// <summary>How long the situation's event took; 0 where there is none, or nobody can tell.</summary>
    public required double EventMilliseconds { get; init; }

    public required long EntriesBefore { get; init; }

    public required long EntriesAfter { get; init; }
}
