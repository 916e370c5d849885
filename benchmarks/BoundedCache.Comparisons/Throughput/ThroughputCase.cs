namespace BoundedCache.Comparisons.Throughput;

/// <summary>One cache under one load for one measurement.</summary>
internal sealed record ThroughputCase
{
    public required string Peer { get; init; }

    /// <summary>Zipf's exponent; 0 for uniform.</summary>
    public required double Skew { get; init; }

    /// <summary>
    /// The share of operations that read, from 0 to 1; the others store. Null for read-through: a miss
    /// stores what was missing.
    /// </summary>
    public required double? Reads { get; init; }

    public required int Threads { get; init; }

    /// <summary>Keys that are asked for. The cache holds all of them; half of them in read-through.</summary>
    public required int Keys { get; init; }

    public required int ValueBytes { get; init; }

    public required double Seconds { get; init; }

    /// <summary>
    /// Time at full speed before what is measured. The runtime takes a second and more to compile
    /// all that is hot to the end.
    /// </summary>
    public required double WarmUpSeconds { get; init; }

    /// <summary>The load as tables name it; the cache aside.</summary>
    public string Load => (Reads is { } reads ? $"{reads:P0} reads" : "read-through at half capacity")
        + $", {(Skew == 0 ? "uniform" : $"Zipf {Skew}")}, {Threads} thread{(Threads == 1 ? "" : "s")}";

    public override string ToString() => $"{Peer}, {Load}";
}
