namespace BoundedCache.Report;

/// <summary>
/// Where the managed heap lies: one reserved range of addresses, of which the collector commits regions.
/// </summary>
/// <param name="AnchorAddress">An address in the heap's lowest part, of an object that never moves.</param>
/// <param name="RangeBytes">The size of the reserved range.</param>
internal readonly record struct HeapPlace(long AnchorAddress, long RangeBytes);
