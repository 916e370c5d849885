using BoundedCache.Harness;
using BoundedCache.LoadRuns.Load;

namespace BoundedCache.LoadRuns.Results;

/// <summary>A limit that goes up and down for minutes, and what memory makes of it.</summary>
internal sealed record SawtoothResult
{
    public required RunStamp Stamp { get; init; }

    public required long HighMaxBytes { get; init; }

    public required long LowMaxBytes { get; init; }

    public required int RequestsPerSecond { get; init; }

    public required bool ServerGC { get; init; }

    /// <summary>Whether it was a byte cache instead of one of objects.</summary>
    public bool IsBytes { get; init; }

    public required long EmptyBytes { get; init; }

    public required IReadOnlyList<SawtoothCycle> Cycles { get; init; }

    /// <summary>By how much low points rise in a minute, by the straight line through all of them; bytes.</summary>
    public required double RisePerMinuteBytes { get; init; }

    /// <summary>What resident memory consisted of at the first low point, in bytes.</summary>
    public required IReadOnlyDictionary<string, long> FirstLow { get; init; }

    /// <summary>The same at the last.</summary>
    public required IReadOnlyDictionary<string, long> LastLow { get; init; }

    public required Latencies Latencies { get; init; }

    public required LoadTotals Load { get; init; }

    public required IReadOnlyList<Bar> Bars { get; init; }

    public required IReadOnlyList<double[]> Resident { get; init; }

    public required IReadOnlyList<SecondResult> Seconds { get; init; }
}

/// <summary>One tooth: lowered, held, raised, filled.</summary>
/// <param name="LoweredAt">When the limit was lowered, in seconds.</param>
/// <param name="RaisedAt">When it was raised.</param>
/// <param name="LowBytes">The least that was resident between the two.</param>
/// <param name="HighBytes">The most that was resident afterwards.</param>
/// <param name="CallMilliseconds">How long lowering took.</param>
/// <param name="PauseMilliseconds">For how long it stopped the process.</param>
/// <param name="Outcome">What came of it.</param>
internal sealed record SawtoothCycle(
    double LoweredAt,
    double RaisedAt,
    long LowBytes,
    long HighBytes,
    double CallMilliseconds,
    double PauseMilliseconds,
    string Outcome);
