using System.Diagnostics;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Engine;

/// <summary>
/// The cache itself: a hash table and lists in order of use over one table of slots, bounded by the sum of its entries'
/// charges. Does not know options, sizing, logging or processes.
/// </summary>
/// <remarks>
/// <para>Locking. One lock guards every change. It is held for a bounded time (<see cref="BatchEntries"/> evictions at
/// most) and no user code runs under it: not a key's Equals or GetHashCode, not a token, not a callback. Reads take no
/// lock. The numbered invariants are in docs/DESIGN.md, and <see cref="InvariantChecker"/> checks them.</para>
/// <para>Parts: <see cref="SlotStore"/> the arrays, <see cref="SlotAllocator"/> which slots are free,
/// <see cref="BucketIndex"/> the way from key to slot, <see cref="EvictionOrder"/> who goes next (LRU with a
/// <see cref="TouchLog"/>, or <see cref="ScanResistantOrder"/>), <see cref="Engine.Account"/> the account.</para>
/// <para>Methods that are hot only in bulk work are compiled with full optimization from the start: a process's first
/// large eviction would otherwise end before the runtime optimizes them.</para>
/// </remarks>
internal sealed partial class CacheEngine
{
    /// <summary>
    /// Entries removed, moved or looked at in one hold of the lock. It bounds the time that a write, or a read that
    /// needs the lock, waits for bulk work.
    /// </summary>
    public const int BatchEntries = 128;

    /// <summary>
    /// The table's bytes per entry: slot 32, node 16, and a bucket of 4 bytes, two thirds of which are full. Partly
    /// filled chunks are not counted.
    /// </summary>
    public const int TableBytesPerEntry = 54;

    /// <summary>
    /// The table's further bytes per entry in the scan-resistant order: a time of queueing, and what is remembered of
    /// evicted entries.
    /// </summary>
    public const int ScanResistantBytesPerEntry = sizeof(uint) + 13;

    /// <summary>The table's further bytes for an entry that has a deadline.</summary>
    public const int DeadlineBytesPerEntry = sizeof(long);

    private readonly SlotStore _store;
    private readonly BucketIndex _index;
    private readonly TouchLog _touches;
    private readonly TimeProvider _time;
    private readonly Action<List<RemovedEntry>> _onRemoved;
    private readonly SlotAllocator _allocator;
    private readonly EvictionOrder _order;

    /// <summary>
    /// The order under LRU, to which the touch log is applied; else null, and the log is empty.
    /// </summary>
    private readonly AccessOrder? _uses;

    /// <summary>Whether uses are noted as marks in slots, and not in the touch log.</summary>
    private readonly bool _marks;
    private readonly EngineLock _lock = new();
    private readonly int[] _insertions = new int[InsertionCounters];
    private Account _account;

    /// <param name="maxBytes">The limit, at least 1.</param>
    /// <param name="time">The clock of expiration.</param>
    /// <param name="onRemoved">
    /// Receives removed entries that have details, on the thread that removed them and without a lock. Must not throw.
    /// </param>
    /// <param name="touches">Where readers note their uses; null for a log with buffers for usual threads.</param>
    /// <param name="policy">Which entries are evicted first.</param>
    public CacheEngine(
        long maxBytes,
        TimeProvider time,
        Action<List<RemovedEntry>> onRemoved,
        TouchLog? touches = null,
        EvictionPolicy policy = EvictionPolicy.LeastRecentlyUsed)
    {
        _marks = policy == EvictionPolicy.ScanResistant;
        _store = new SlotStore(keepsTimes: _marks);
        _index = new BucketIndex(_store, CoarseClock.TryCreate(time));
        _touches = touches ?? new TouchLog();
        Lookups = new LookupCounts(_marks ? null : _touches);
        _time = time;
        _onRemoved = onRemoved;
        _allocator = new SlotAllocator(_store);
        _uses = _marks ? null : new AccessOrder(_store);
        _order = _uses ?? (EvictionOrder)new ScanResistantOrder(_store);
        _account.Max = maxBytes;
    }

    /// <summary>
    /// The limit in bytes. Lowering it evicts nothing by itself (<see cref="EvictDownToLimit(Action?)"/>), but new
    /// entries obey it at once.
    /// </summary>
    public long MaxBytes => _account.Max;

    /// <summary>The sum of the charges of all entries.</summary>
    public long UsedBytes => _account.PublishedUsed;

    public int Count => _account.PublishedCount;

    /// <summary>Which entries are evicted first.</summary>
    public EvictionPolicy Policy =>
        _marks ? EvictionPolicy.ScanResistant : EvictionPolicy.LeastRecentlyUsed;

    /// <summary>The table's bytes for an entry without a deadline, as they are charged.</summary>
    public int BytesPerEntry => TableBytesPerEntry + (_marks ? ScanResistantBytesPerEntry : 0);

    /// <summary>Bytes that ever left the cache, for any reason.</summary>
    public long CreditedBytes => _account.CreditedBytes;

    /// <inheritdoc cref="Account.BulkBytes"/>
    public long BulkBytes => _account.BulkBytes;

    /// <summary>Bytes that ever came into the cache. Never falls.</summary>
    public long CameBytes => _account.CameBytes;

    /// <summary>The counts of lookups. The caller counts misses, if it wants to.</summary>
    public LookupCounts Lookups { get; }

    public long LostTouches => _touches.LostTouches;

    internal SlotStore Store => _store;

    internal BucketIndex Index => _index;

    internal SlotAllocator Allocator => _allocator;

    internal EvictionOrder Order => _order;

    internal EngineLock Lock => _lock;

    internal ref readonly Account Account => ref _account;

    /// <summary>Sets the limit and answers the one before. An interrupt leaves no limit set by half.</summary>
    public long SetMaxBytes(long maxBytes)
    {
        using (_lock.EnterAlways())
        {
            long old = _account.Max;
            _account.Max = maxBytes;
            return old;
        }
    }

    /// <summary>
    /// Applies the pending touches. Call it before anything that reads or changes the order.
    /// </summary>
    internal void ApplyTouches_NeedsLock()
    {
        Debug.Assert(_lock.IsHeldByCurrentThread);
        if (_touches.HasPending)
        {
            _touches.ApplyTo(_uses!);
        }
    }

    /// <summary>
    /// Applies the touches that a single write needs: all, or, while uses of several threads overlap and have no order,
    /// mostly those of this thread.
    /// </summary>
    private void ApplyTouchesForWrite_NeedsLock()
    {
        Debug.Assert(_lock.IsHeldByCurrentThread);
        if (_touches.HasPending)
        {
            _touches.ApplyDueTo(_uses!);
        }
    }

    private void Notify(List<RemovedEntry>? removed)
    {
        if (removed is not null)
        {
            _onRemoved(removed);
        }
    }

    /// <summary>Removes an entry from everything.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void RemoveEntry_NeedsLock(int index, EvictionReason reason, ref List<RemovedEntry>? removed)
    {
        Debug.Assert(_lock.IsHeldByCurrentThread);
        ref Slot slot = ref _store.Slot(index);
        NoteRemoval(in slot, _store.Node(index).Charge, reason, ref removed);
        _order.Remove(index);
        _index.Remove(index);
        _account.Credit(_store.Node(index).Charge, reason);
        ClearSlot_NeedsLock(index);
        _allocator.Free(index);
    }

    private static void NoteRemoval(
        in Slot slot, long bytes, EvictionReason reason, ref List<RemovedEntry>? removed)
    {
        if ((slot.Flags & SlotFlags.HasDetails) != 0)
        {
            var details = (EntryDetails)slot.Value!;
            (removed ??= []).Add(new RemovedEntry(slot.Key!, details, reason) { Bytes = bytes });
            details.Index = EntryDetails.Left;
        }
    }

    /// <summary>
    /// Writes an entry into a slot that is allocated and whose chunk has deadlines if it needs them. Under the lock.
    /// </summary>
    private void Write_NeedsLock(int index, scoped in NewEntry entry, int hash)
    {
        Debug.Assert(_lock.IsHeldByCurrentThread);
        ref Slot slot = ref _store.Slot(index);
        slot.BeginWrite();
        NoteDeadline_NeedsLock(index, slot.Flags, entry.Flags);
        SetMarks_NeedsLock(index, entry.Flags, entry.Marks);
        slot.Key = entry.Key;
        slot.Value = entry.Content;
        slot.Hash = hash;
        if ((entry.Flags & SlotFlags.HasDeadline) != 0)
        {
            _store.Deadline(index) = entry.Deadline;
        }

        slot.EndWrite();
        _store.Node(index).Occupy(entry.Charge, entry.Priority);
        if (entry.Details is { } details)
        {
            details.Index = index;
        }
    }

    /// <summary>Empties a slot, so that it does not keep its key and value alive.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void ClearSlot_NeedsLock(int index)
    {
        Debug.Assert(_lock.IsHeldByCurrentThread);
        ref Slot slot = ref _store.Slot(index);
        slot.BeginWrite();
        NoteDeadline_NeedsLock(index, slot.Flags, SlotFlags.None);
        SetMarks_NeedsLock(index, SlotFlags.None, default);
        slot.Key = null;
        slot.Value = null;
        slot.EndWrite();
    }

    /// <summary>Keeps a chunk's count of entries that expire, and the deadlines of its other slots at never.</summary>
    private void NoteDeadline_NeedsLock(int index, SlotFlags before, SlotFlags after)
    {
        Debug.Assert(_lock.IsHeldByCurrentThread);
        ref int expiring = ref _allocator.State(index >> SlotStore.ChunkShift).Expiring;
        if ((before & SlotFlags.HasDeadline) != 0)
        {
            expiring--;
            _store.Deadline(index) = long.MaxValue;
        }

        if ((after & SlotFlags.HasDeadline) != 0)
        {
            expiring++;
        }
    }

    /// <summary>
    /// Takes a free slot, in a chunk that has deadlines if the entry needs one, and notes it for enumerations. May
    /// throw for lack of memory, and then changes nothing.
    /// </summary>
    private int Allocate_NeedsLock(bool withDeadline)
    {
        Debug.Assert(_lock.IsHeldByCurrentThread);
        int index = _allocator.Allocate();
        try
        {
            if (withDeadline)
            {
                _store.EnsureDeadlines(index);
            }

            if (!MayMove)
            {
                NoteInserted_NeedsLock(index);
            }

            return index;
        }
        catch (OutOfMemoryException)
        {
            _allocator.Free(index);
            throw;
        }
    }

    /// <summary>Whether the entry that a reader found is still the one in its slot. Under the lock.</summary>
    private bool IsCurrent_NeedsLock(in SlotRef slotRef)
    {
        Debug.Assert(_lock.IsHeldByCurrentThread);
        return _store.Exists(slotRef.Index)
            && _store.Slot(slotRef.Index).Version == slotRef.Version
            && _store.Node(slotRef.Index).IsInUse;
    }
}
