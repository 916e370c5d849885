using System.Runtime.CompilerServices;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Engine;

/// <summary>
/// Entries and bytes that left, by <see cref="EvictionReason"/>, in place: part of <see cref="Account"/>
/// and no object of its own.
/// </summary>
[InlineArray(Reasons)]
internal struct RemovalCounts
{
    /// <summary>One for each value of <see cref="EvictionReason"/>, the first of which no entry leaves for.</summary>
    public const int Reasons = (int)EvictionReason.Capacity + 1;

    private EntryTotals _first;
}
