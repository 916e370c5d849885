namespace BoundedCache.MemoryScenarios.Shapes;

/// <summary>A kind of entry whose charge is held against the collector's count.</summary>
/// <param name="Name">What it is, for tables and test names.</param>
/// <param name="Entries">How many fill a cache: enough that what else moves in the heap is lost in them.</param>
/// <param name="Value">Makes a value that shares nothing with others but what outlives them all.</param>
internal sealed record Shape(string Name, int Entries, Func<int, object> Value)
{
    /// <summary>Makes a key. Default: strings of 12 characters.</summary>
    public Func<int, object> Key { get; init; } = static number => $"key {number:D8}";

    /// <summary>
    /// The share by which the charge may be off: 2 % for strings and primitive arrays, 5 % for graphs.
    /// </summary>
    public double Tolerance { get; init; } = 0.05;
}
