using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Engine;

/// <summary>
/// The part of an entry that touches write: its place in the order of use, its charge and its priority; 16 bytes, kept
/// apart from <see cref="Slot"/> so that applying touches does not dirty the lines that readers read.
/// </summary>
internal struct OrderNode
{
    private const int PriorityBits = 2;
    private const long PriorityMask = (1 << PriorityBits) - 1;
    private const long InUse = 1 << PriorityBits;
    private const int ChargeShift = PriorityBits + 1;

    /// <summary>The largest charge that fits: an exbibyte.</summary>
    public const long MaxCharge = long.MaxValue >> ChargeShift;

    /// <summary>The entry used next after this one, or <see cref="AccessOrder.None"/> at the head.</summary>
    public int Newer;

    /// <summary>
    /// The entry used last before this one, or <see cref="AccessOrder.None"/> at the tail. In a free
    /// slot: the next free one.
    /// </summary>
    public int Older;

    private long _state;

    public readonly bool IsInUse => (_state & InUse) != 0;

    /// <summary>Bytes charged for the entry.</summary>
    public readonly long Charge => _state >> ChargeShift;

    public readonly CacheItemPriority Priority => (CacheItemPriority)(_state & PriorityMask);

    public void Occupy(long charge, CacheItemPriority priority) =>
        _state = (charge << ChargeShift) | InUse | (long)priority;

    public void Vacate() => _state = 0;
}
