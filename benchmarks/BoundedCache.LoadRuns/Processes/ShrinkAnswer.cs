namespace BoundedCache.LoadRuns.Processes;

/// <summary>What the admin endpoint answers to a new limit, as far as the runs show it.</summary>
internal sealed record ShrinkAnswer
{
    public required long EntriesEvicted { get; init; }

    public required double EvictionMilliseconds { get; init; }

    public required double TotalMilliseconds { get; init; }

    /// <summary>For how long the release stopped the process, in all.</summary>
    public required double GcPauseMilliseconds { get; init; }

    /// <summary>For how long it did so at once, at most.</summary>
    public required double LongestGcPauseMilliseconds { get; init; }

    public required string Outcome { get; init; }

    public required string Reason { get; init; }
}
