using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using BoundedCache.Engine;

namespace BoundedCache.Bytes;

/// <summary>Why an entry left the byte cache.</summary>
internal enum ByteRemoval
{
    Capacity,
    Shrink,
    Compact,
    Expired,
    Removed,
    Replaced,
}

/// <summary>What a cache holds and what happened in it, read at one instant.</summary>
internal sealed record ByteTotals(
    long LimitBytes, long UsedBytes, long TableBytes, int Count, long Insertions, EntryTotals[] Left)
{
    public EntryTotals RemovedBy(ByteRemoval removal) => Left[(int)removal];
}

/// <summary>
/// The byte cache: entries in native memory, a limit in resident bytes, evicted by one of two policies. Knows no
/// options, logs or metrics. No pointer leaves it, and no user code runs under its lock.
/// </summary>
/// <remarks>
/// <para>Invariants, which <see cref="CheckInvariants"/> checks:</para>
/// <para>B1: chains, order of use and slots in use hold the same entries, each once; every other slot is free.</para>
/// <para>B2: every entry's block names its slot, and no two blocks overlap; no block belongs to no entry.</para>
/// <para>B3: every slab is free, in one class, or part of one value.</para>
/// <para>B4: the account's pages are those of the table and of all slabs; they are at most the limit, except while a
/// lowered limit is being reached, while memory is given back, and as far as readers hold values that have left, values
/// were being written when the limit fell, or the system takes nothing back.</para>
/// <para>B5: outside the lock's holds versions and relocations are even.</para>
/// </remarks>
internal sealed unsafe partial class ByteEngine
{
    /// <summary>Removals in one hold of the lock.</summary>
    private const int Batch = 64;

    private readonly EngineLock _lock = new();
    private readonly AddressSpace _space;
    private readonly PageAccount _account;
    private readonly SlabPool _pool;
    private readonly SlabPool _largePool;
    private readonly ByteTable _table;
    private readonly ScanByteOrder? _marks;
    private readonly DenseBlocks _blocks;
    private readonly TouchLog _touches = new();
    private readonly TimeProvider _time;
    private readonly bool _clearFreed;
    private readonly EntryTotals[] _left = new EntryTotals[Enum.GetValues<ByteRemoval>().Length];
    private long _insertions;
    private long _cameBytes;
    private long _creditedBytes;
    private long _limit;
    private int _expiring;
    private int _count;
    private bool _isDisposed;

    public ByteEngine(
        IPageSource source,
        long limit,
        TimeProvider time,
        bool clearFreed = false,
        EvictionPolicy policy = EvictionPolicy.LeastRecentlyUsed)
    {
        _space = new AddressSpace(source);
        _account = new PageAccount(source.PageSize);
        _account.SetLimit(limit);
        _limit = limit;
        _pool = new SlabPool(_space, _account);
        _largePool = new SlabPool(_space, _account, SlabPool.LargeSlab) { Other = _pool };
        _pool.Other = _largePool;
        _table = new ByteTable(_space, _account, _pool, policy == EvictionPolicy.ScanResistant);
        _marks = _table.Marks;
        _blocks = new DenseBlocks(_pool, _largePool, _account, _table.Slots, clearFreed);
        _time = time;
        _clearFreed = clearFreed;
        Lookups = new LookupCounts(_marks is null ? _touches : null);
    }

    /// <summary>Hits and misses.</summary>
    public LookupCounts Lookups { get; }

    /// <summary>The limit that holds, in bytes.</summary>
    public long LimitBytes => Volatile.Read(ref _limit);

    /// <summary>Resident bytes.</summary>
    public long UsedBytes => _account.UsedBytes;

    /// <summary>What of these is managed memory.</summary>
    public long ManagedBytes => _table.ManagedBytes;

    /// <summary>What of these is native memory.</summary>
    public long NativeBytes => _account.UsedBytes - _table.ManagedBytes;

    public EvictionPolicy Policy =>
        _marks is null ? EvictionPolicy.LeastRecentlyUsed : EvictionPolicy.ScanResistant;

    /// <summary>Whether memory is overwritten when an entry leaves it.</summary>
    public bool ClearsMemory => _clearFreed;

    public int Count => Volatile.Read(ref _count);

    /// <summary>Whether an entry may expire.</summary>
    public bool HasExpiring => Volatile.Read(ref _expiring) > 0;

    /// <summary>Bytes of entries that ever left.</summary>
    public long CreditedBytes => Volatile.Read(ref _creditedBytes);

    public long LostTouches => _touches.LostTouches;

    /// <summary>Bytes of entries that ever came in, counted as <see cref="CreditedBytes"/> are.</summary>
    public long CameBytes => Volatile.Read(ref _cameBytes);

    public bool IsDisposed => Volatile.Read(ref _isDisposed);

    /// <summary>The lock. For tests.</summary>
    internal EngineLock Lock => _lock;

    public ByteTotals ReadTotals()
    {
        using (_lock.Enter())
        {
            return new ByteTotals(
                _limit, _account.UsedBytes, _table.Bytes, _table.Count, _insertions, [.. _left]);
        }
    }

    /// <summary>
    /// Sets the limit, evicts nothing yet. New entries obey it from now on; <see cref="EvictToLimit"/> follows. An
    /// interrupt leaves no limit set by half.
    /// </summary>
    /// <returns>The limit before.</returns>
    public long SetLimit(long bytes)
    {
        using (_lock.EnterAlways())
        {
            long before = _limit;
            Volatile.Write(ref _limit, bytes);
            _account.SetLimit(bytes);
            return before;
        }
    }

    /// <summary>
    /// Removes all entries and gives all memory back, except what readers hold; they give it back. Address space stays
    /// mapped until nobody can read it.
    /// </summary>
    /// <returns>False where it was disposed before.</returns>
    public bool Dispose()
    {
        using (_lock.EnterAlways())
        {
            if (_isDisposed)
            {
                return false;
            }

            Volatile.Write(ref _isDisposed, true);
        }

        // Nobody else would do it later. A thread that is interrupted stays so.
        bool isInterrupted = false;
        for (bool isDone = false; !isDone;)
        {
            try
            {
                Evict(long.MaxValue, ByteRemoval.Removed);
                isDone = true;
            }
            catch (ThreadInterruptedException)
            {
                isInterrupted = true;
            }
        }

        if (isInterrupted)
        {
            Thread.CurrentThread.Interrupt();
        }

        return true;
    }

    private void ThrowIfDisposed()
    {
        if (IsDisposed)
        {
            ThrowDisposed();
        }
    }

    /// <summary>Names the cache, which the engine does not know otherwise.</summary>
    [DoesNotReturn]
    private static void ThrowDisposed() =>
        throw new ObjectDisposedException($"{nameof(BoundedCache)}.{nameof(BoundedByteCache)}");

    /// <summary>
    /// Gives back what was freed after the disposal gave everything back: by who was inside. Under the lock.
    /// </summary>
    private void GiveBackIfDisposed_NeedsLock()
    {
        Debug.Assert(_lock.IsHeldByCurrentThread);
        while (IsDisposed && !Squeeze_NeedsLock())
        {
        }
    }

    /// <summary>Where an entry with this key is. Under the lock.</summary>
    /// <returns>Its slot, or 0.</returns>
    private int Find_NeedsLock(in EncodedKey key)
    {
        Debug.Assert(_lock.IsHeldByCurrentThread);
        for (int index = _table.Index.First(key.Hash); index > 0;)
        {
            ByteSlot* slot = _table.Slot(index);
            if (slot->Hash == key.Hash && KeyEquals(new Place(slot->Place), key))
            {
                return index;
            }

            index = slot->Next;
        }

        return ByteOrder.None;
    }

    /// <summary>Whether an entry has this key. Under the lock.</summary>
    private bool KeyEquals(Place place, in EncodedKey key)
    {
        if (place.KeyLength != key.Bytes.Length || place.IsWide != key.IsWide)
        {
            return false;
        }

        int first = FirstKeyBytes(place);
        return new ReadOnlySpan<byte>(place.Block + place.Header, first).SequenceEqual(key.Bytes[..first])
            && (first == place.KeyLength
                || new ReadOnlySpan<byte>(NextSlab(place.Block), place.KeyLength - first)
                    .SequenceEqual(key.Bytes[first..]));
    }

    /// <summary>Bytes of a key that lie in its first slab.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int FirstKeyBytes(Place place) =>
        place.IsChain ? Math.Min(place.KeyLength, SlabPool.DataSize - place.Header) : place.KeyLength;

    /// <summary>The data of the slab after the one that an address lies in. Under the lock or with a lease.</summary>
    private byte* NextSlab(byte* address) =>
        _pool.Address(_pool.HeaderOf(address)->Link) + SlabPool.HeaderSize;

    /// <summary>Applies the touches that a write has to apply. Under the lock.</summary>
    private void ApplyTouchesForWrite_NeedsLock()
    {
        Debug.Assert(_lock.IsHeldByCurrentThread);
        if (_touches.HasPending)
        {
            _touches.ApplyDueTo(_table.Order);
        }
    }

    /// <summary>Applies all touches. Under the lock.</summary>
    internal void ApplyTouches_NeedsLock()
    {
        Debug.Assert(_lock.IsHeldByCurrentThread);
        if (_touches.HasPending)
        {
            _touches.ApplyTo(_table.Order);
        }
    }
}
