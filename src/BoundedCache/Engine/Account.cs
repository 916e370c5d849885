using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Engine;

/// <summary>
/// The account of bytes: the limit, what is used of it, and how many entries use it. EntryDraft under the lock; the
/// published figures are read by anybody at any time.
/// </summary>
/// <remarks>
/// <see cref="Used"/> is the working figure of whoever holds the lock. Others see <see cref="PublishedUsed"/>, written
/// once as the lock is let go: an entry that evicts others to make room is one change, so no observer sees the sum rise
/// above the limit, or, while a lowered limit is still being evicted down to, rise at all.
/// </remarks>
[StructLayout(LayoutKind.Explicit, Size = 320)]
internal struct Account
{
    // On cache lines of its own: every write changes these, and readers read what lies beside the struct.
    [FieldOffset(64)]
    private long _used;

    [FieldOffset(72)]
    private long _publishedUsed;

    [FieldOffset(80)]
    private long _max;

    [FieldOffset(88)]
    private int _publishedCount;

    [FieldOffset(92)]
    private int _count;

    [FieldOffset(96)]
    private long _evictedBytes;

    [FieldOffset(104)]
    private long _insertions;

    [FieldOffset(128)]
    private RemovalCounts _removals;

    [FieldOffset(224)]
    private EntryTotals _shrunk;

    [FieldOffset(240)]
    private EntryTotals _compacted;

    public readonly long Used => _used;

    public readonly int Count => _count;

    public long PublishedUsed => Volatile.Read(ref _publishedUsed);

    public int PublishedCount => Volatile.Read(ref _publishedCount);

    public long Max { get => Volatile.Read(ref _max); set => Volatile.Write(ref _max, value); }

    /// <summary>Bytes that ever left the cache: what the garbage collector has, or had, to find.</summary>
    public long CreditedBytes => Volatile.Read(ref _evictedBytes);

    /// <summary>Entries ever stored. Under the lock, as the four below.</summary>
    public readonly long Insertions => _insertions;

    /// <summary>
    /// Of the entries that left with the reason Capacity: those for which a lowered limit is the cause.
    /// </summary>
    public readonly EntryTotals Shrunk => _shrunk;

    /// <summary>Of the entries that left with the reason Capacity: those that a share was asked of.</summary>
    public readonly EntryTotals Compacted => _compacted;

    /// <summary>Entries that left for a reason.</summary>
    public readonly EntryTotals Left(EvictionReason reason) => _removals[(int)reason];

    public void Charge(long bytes)
    {
        _used += bytes;
        _count++;
        _insertions++;
    }

    public void Credit(long bytes, EvictionReason reason)
    {
        _used -= bytes;
        _count--;
        _evictedBytes += bytes;
        ref EntryTotals left = ref _removals[(int)reason];
        left = new EntryTotals(left.Entries + 1, left.Bytes + bytes);
    }

    /// <summary>Changes the charge of an entry that stays.</summary>
    public void UpdateCharge(long oldBytes, long newBytes) => _used += newBytes - oldBytes;
    public void NoteShrunk(EntryTotals evicted) => _shrunk += evicted;

    public void NoteCompacted(EntryTotals removed) => _compacted += removed;

    public void Publish()
    {
        Volatile.Write(ref _publishedCount, _count);
        Volatile.Write(ref _publishedUsed, _used);
    }
}

/// <summary>
/// Entries and bytes that left, by <see cref="EvictionReason"/>, in slotRef: part of <see cref="Account"/>
/// and no object of its own.
/// </summary>
[InlineArray(Reasons)]
internal struct RemovalCounts
{
    /// <summary>One for each value of <see cref="EvictionReason"/>, the first of which no entry leaves for.</summary>
    public const int Reasons = (int)EvictionReason.Capacity + 1;

    private EntryTotals _first;
}

/// <summary>
/// The account of the engine at one instant: what it holds, and what came and left since it was made.
/// </summary>
internal readonly record struct EngineTotals(
    long MaxBytes, long UsedBytes, int Count, long Insertions, EvictionTotals Evictions);
