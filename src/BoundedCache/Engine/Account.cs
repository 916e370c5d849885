using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Engine;

/// <summary>
/// The account of bytes: the limit, the bytes used, and how many entries use them. Written under the lock. Any thread
/// may read the published figures at any time.
/// </summary>
/// <remarks>
/// <see cref="Used"/> is for the thread that holds the lock. Other threads see <see cref="PublishedUsed"/>, written
/// once, when the lock is released. So an entry that evicts others to make room is one change: nobody sees the sum
/// above the limit, and nobody sees it rise while entries are being evicted down to a lowered limit.
/// </remarks>
[StructLayout(LayoutKind.Explicit, Size = 320)]
internal struct Account
{
    // On its own cache lines: every write changes these fields, and readers read the fields next to the struct.
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

    [FieldOffset(112)]
    private long _loweredBytes;

    [FieldOffset(120)]
    private long _bulkBytes;

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

    /// <summary>Bytes that ever left the cache, for the garbage collector to reclaim.</summary>
    public long CreditedBytes => Volatile.Read(ref _evictedBytes);

    /// <summary>
    /// Of these, what bulk work removed: a limit that fell, Compact, Clear, RemoveWhere, a scan for expired entries.
    /// Not what a write replaced or evicted for room.
    /// </summary>
    public long BulkBytes => Volatile.Read(ref _bulkBytes);

    /// <summary>
    /// Bytes that ever came in. What entries that stay were found to have grown by came in too; what their charges fell
    /// by did not leave.
    /// </summary>
    public long CameBytes => CreditedBytes + PublishedUsed + Volatile.Read(ref _loweredBytes);

    /// <summary>Entries ever stored. Under the lock, like the three properties below.</summary>
    public readonly long Insertions => _insertions;

    /// <summary>
    /// Entries that were evicted because the limit that holds fell; part of those with the reason Capacity.
    /// </summary>
    public readonly EntryTotals Shrunk => _shrunk;

    /// <summary>Entries that were evicted by Compact; part of those with the reason Capacity.</summary>
    public readonly EntryTotals Compacted => _compacted;

    /// <summary>Entries that were removed for a reason.</summary>
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
    public void UpdateCharge(long oldBytes, long newBytes)
    {
        _used += newBytes - oldBytes;
        _loweredBytes += Math.Max(0, oldBytes - newBytes);
    }

    /// <summary>Notes a batch of bulk work, which was credited.</summary>
    public void NoteBulk(long bytes) => _bulkBytes += bytes;

    public void NoteShrunk(EntryTotals evicted) => _shrunk += evicted;

    public void NoteCompacted(EntryTotals removed) => _compacted += removed;

    public void Publish()
    {
        Volatile.Write(ref _publishedCount, _count);
        Volatile.Write(ref _publishedUsed, _used);
    }
}

/// <summary>
/// Removed entries and bytes, by <see cref="EvictionReason"/>. Part of <see cref="Account"/>, without an object of its
/// own.
/// </summary>
[InlineArray(Reasons)]
internal struct RemovalCounts
{
    /// <summary>One for each value of <see cref="EvictionReason"/>; the first, None, stays empty.</summary>
    public const int Reasons = (int)EvictionReason.Capacity + 1;

    private EntryTotals _first;
}

/// <summary>
/// The account of the engine at one instant: what it holds, and what was stored and removed since it was created.
/// </summary>
internal readonly record struct EngineTotals(
    long MaxBytes, long UsedBytes, int Count, long Insertions, EvictionTotals Evictions);
