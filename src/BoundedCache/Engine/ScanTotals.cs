using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace BoundedCache.Engine;

/// <summary>The entries of one class of a queue.</summary>
internal struct ScanList
{
    public int Head;
    public int Tail;

    /// <summary>When the tail was queued.</summary>
    public long TailAt;

    /// <summary>What the tail's age is multiplied with.</summary>
    public double TailWeight;
}

[InlineArray(ScanTotals.Queues)]
internal struct ScanBytes
{
    private long _first;
}

[InlineArray(ScanTotals.Queues)]
internal struct ScanClasses
{
    private uint _first;
}

/// <summary>
/// What every write changes, on its own cache lines: readers read the memory next to this object.
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = 256)]
internal struct ScanTotals
{
    public const int Queues = 2 * EvictionOrder.Priorities;

    /// <summary>The clock: entries ever added.</summary>
    [FieldOffset(64)]
    public long Now;

    /// <summary>Bytes of each queue; an entry without a size counts as one.</summary>
    [FieldOffset(72)]
    public ScanBytes Bytes;

    /// <summary>For each queue the classes that have entries, a bit each.</summary>
    [FieldOffset(136)]
    public ScanClasses Used;
}
