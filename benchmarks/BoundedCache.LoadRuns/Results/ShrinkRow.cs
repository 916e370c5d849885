using BoundedCache.Harness;
using BoundedCache.LoadRuns.Load;
using BoundedCache.LoadRuns.Peers;

namespace BoundedCache.LoadRuns.Results;

/// <summary>The story of one peer: bytes, milliseconds, and seconds of the row's own clock.</summary>
internal sealed record ShrinkRow
{
    public required string Name { get; init; }

    public required string Title { get; init; }

    public required RunStamp Stamp { get; init; }

    /// <summary>Resident memory of the process with nothing cached, before any request.</summary>
    public required long IdleBytes { get; init; }

    /// <summary>Resident memory of the same process under the same load with nothing cached: the median.</summary>
    public required long EmptyBytes { get; init; }

    /// <summary>When the stretch under load began: where pictures begin.</summary>
    public required double Zero { get; init; }

    /// <summary>When the limit was lowered.</summary>
    public required double CalledAt { get; init; }

    /// <summary>How long that took, as its caller saw it.</summary>
    public required double CallMilliseconds { get; init; }

    public required LimitChange Call { get; init; }

    /// <summary>
    /// How long after the call RSS above empty came under 1.10 times the new limit and 10 MB; null for never.
    /// </summary>
    public required double? ReachedAfterSeconds { get; init; }

    /// <summary>RSS above empty two seconds after the call.</summary>
    public required long AboveEmptyAfterTwoSeconds { get; init; }

    /// <summary>RSS above empty before the limit was raised again.</summary>
    public required long AboveEmptyLater { get; init; }

    /// <summary>Requests that were due while the limit was lowered, and at least a second.</summary>
    public required Latencies Window { get; init; }

    /// <summary>The longest time without any answer meanwhile.</summary>
    public required double StallMilliseconds { get; init; }

    /// <summary>The same while nothing happened, for comparison: what the machine does.</summary>
    public required double SteadyStallMilliseconds { get; init; }

    public required LoadTotals Load { get; init; }

    /// <summary>What a tool made of its own load on top; null where there was none.</summary>
    public ToolTotals? Tool { get; init; }

    public required IReadOnlyList<PhaseResult> Phases { get; init; }

    public required IReadOnlyList<Bar> Bars { get; init; }

    /// <summary>Pairs of seconds since <see cref="Zero"/> and MiB resident.</summary>
    public required IReadOnlyList<double[]> Resident { get; init; }

    public required IReadOnlyList<SecondResult> Seconds { get; init; }
}
