namespace BoundedCache.LoadRuns.Peers;

/// <summary>What was done about a new limit, and what the cache says that it cost.</summary>
internal sealed record LimitChange
{
    /// <summary>What was done, in a few words.</summary>
    public required string Done { get; init; }

    /// <summary>For how long the process was stopped for it in all; null where nobody says.</summary>
    public double? PauseMilliseconds { get; init; }

    /// <summary>For how long it was at once, at most; null where nobody says.</summary>
    public double? LongestPauseMilliseconds { get; init; }

    /// <summary>What came of the release; null where nobody says.</summary>
    public string? Outcome { get; init; }

    /// <summary>Why not more.</summary>
    public string? Reason { get; init; }
}
