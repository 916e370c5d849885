using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Engine;

/// <summary>
/// The part of an entry that is written as it is used or evicted: its position in the order, its charge and its
/// priority; 16 bytes.
/// Separate from <see cref="Slot"/>, so that applying touches does not write to the cache lines that readers read.
/// </summary>
internal struct OrderNode
{
    private const int PriorityBits = 2;
    private const ulong PriorityMask = (1 << PriorityBits) - 1;
    private const ulong InUse = 1 << PriorityBits;
    private const ulong Changing = InUse << 1;
    private const ulong Hot = Changing << 1;
    private const ulong Main = Hot << 1;
    private const ulong Kept = Changing | Hot | Main;
    private const int ChargeShift = PriorityBits + 4;

    /// <summary>The largest charge that fits: a quarter of an exbibyte.</summary>
    public const long MaxCharge = (long)(ulong.MaxValue >> ChargeShift);

    /// <summary>The next more recently used entry, or <see cref="EvictionOrder.None"/> at the head.</summary>
    public int Newer;

    /// <summary>
    /// The next less recently used entry, or <see cref="EvictionOrder.None"/> at the tail. In a free
    /// slot: the next free one.
    /// </summary>
    public int Older;

    private ulong _state;

    public readonly bool IsInUse => (_state & InUse) != 0;

    /// <summary>Bytes charged for the entry.</summary>
    public readonly long Charge => (long)(_state >> ChargeShift);

    public readonly CacheItemPriority Priority => (CacheItemPriority)(_state & PriorityMask);

    /// <summary>Whether the entry's value can change: see <see cref="EntryMarks"/>.</summary>
    public readonly bool CanChange => (_state & Changing) != 0;

    /// <summary>Whether the entry is measured before others: see <see cref="EntryMarks"/>.</summary>
    public readonly bool IsHot => (_state & Hot) != 0;

    /// <summary>Whether the entry is in a main queue: see <see cref="ScanResistantOrder"/>.</summary>
    public bool IsMain
    {
        readonly get => (_state & Main) != 0;
        set => _state = value ? _state | Main : _state & ~Main;
    }

    /// <summary>Sets charge and priority, and leaves the marks and the queue.</summary>
    public void Occupy(long charge, CacheItemPriority priority) =>
        _state = ((ulong)charge << ChargeShift) | (_state & Kept) | InUse | (uint)priority;

    public void Mark(bool canChange, bool isHot) =>
        _state = (_state & ~(Changing | Hot)) | (canChange ? Changing : 0) | (isHot ? Hot : 0);

    public void Vacate() => _state = 0;
}
