using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace BoundedCache.Bytes;

/// <summary>Removals, evictions in bulk, expiration, and memory that goes back to the system.</summary>
internal sealed unsafe partial class ByteEngine
{
    /// <summary>Slots that a walk looks at in one hold of the lock.</summary>
    private const int WalkSlots = 512;

    /// <summary>Removes an entry.</summary>
    /// <returns>Whether there was one that had not expired.</returns>
    [SkipLocalsInit]
    public bool Remove(ReadOnlySpan<char> key)
    {
        ThrowIfDisposed();
        Span<byte> buffer = stackalloc byte[EncodedKey.StackBytes];
        using var encoded = new EncodedKey(key, buffer);
        using (_lock.Enter())
        {
            ThrowIfDisposed();
            int index = FindLive_NeedsLock(encoded);
            if (index == ByteOrder.None)
            {
                return false;
            }

            RemoveAt_NeedsLock(index, ByteRemoval.Removed);
        }

        GiveBack(all: false);
        return true;
    }

    /// <summary>Removes all entries, and gives their memory back.</summary>
    public void Clear() => Evict(long.MaxValue, ByteRemoval.Removed);

    /// <summary>Evicts entries that were used least recently.</summary>
    /// <param name="entries">How many.</param>
    /// <param name="why">Why.</param>
    public void Evict(long entries, ByteRemoval why)
    {
        BeginBulk();
        while (entries > 0)
        {
            using (_lock.EnterAfterOthers())
            {
                ApplyTouches_NeedsLock();
                int evicted = EvictSome_NeedsLock((int)Math.Min(Batch, entries), why);
                entries = evicted == 0 ? 0 : entries - evicted;
            }
        }

        EndBulk();
        GiveBack(all: true);
    }

    /// <summary>Evicts down to the limit, moves the survivors together, and gives the rest back.</summary>
    /// <returns>What was evicted.</returns>
    public EntryTotals EvictToLimit()
    {
        EntryTotals evicted = default;
        BeginBulk();
        bool isDone = false;
        while (!isDone)
        {
            using (_lock.EnterAfterOthers())
            {
                ApplyTouches_NeedsLock();
                EntryTotals before = _left[(int)ByteRemoval.Shrink];
                isDone = EvictBeyondLimit_NeedsLock();
                evicted += _left[(int)ByteRemoval.Shrink] - before;
            }
        }

        EndBulk();

        // The holes were counted as free; slabs that are not quite empty keep some of them.
        for (isDone = false; !isDone;)
        {
            using (_lock.EnterAfterOthers())
            {
                ApplyTouches_NeedsLock();
                EntryTotals before = _left[(int)ByteRemoval.Shrink];
                isDone = EvictBeyondLimit_NeedsLock();
                if (isDone && _account.LivePages > _account.LimitPages)
                {
                    Squeeze_NeedsLock();
                    isDone = _account.LivePages <= _account.LimitPages || _table.Count == 0;
                    if (!isDone)
                    {
                        EvictSome_NeedsLock(1, ByteRemoval.Shrink);
                    }
                }

                evicted += _left[(int)ByteRemoval.Shrink] - before;
            }
        }

        GiveBack(all: true);
        return evicted;
    }

    /// <summary>Removes a share of what expired: all slots are looked at, in bounded steps.</summary>
    /// <returns>How many entries were removed.</returns>
    public int RemoveExpired()
    {
        long now = Now;
        return !HasExpiring ? 0 : RemoveWhere(
            ByteRemoval.Expired,
            (place, _) => place.HasDeadline && ((BlockHeader*)place.Block)->Deadline <= now);
    }

    /// <summary>Removes the entries whose keys begin with a text, compared character by character.</summary>
    /// <returns>How many entries were removed.</returns>
    public int RemoveByPrefix(ReadOnlySpan<char> prefix)
    {
        ThrowIfDisposed();
        byte[] wide = MemoryMarshal.AsBytes(prefix).ToArray();
        byte[]? narrow = prefix.ContainsAnyExceptInRange('\0', '\xff')
            ? null
            : Encoding.Latin1.GetBytes(prefix.ToArray());
        return RemoveWhere(
            ByteRemoval.Removed, (place, _) => (place.IsWide ? wide : narrow) is { } start && KeyStarts(place, start));
    }

    /// <summary>
    /// Removes the entries whose values begin with bytes that match. The match is code of this library: it runs under
    /// the lock.
    /// </summary>
    /// <param name="match">
    /// Gets the beginning of a value: all of it, or of a large one what lies in its first slab.
    /// </param>
    /// <returns>How many entries were removed.</returns>
    public int RemoveByValue(Func<ReadOnlySpan<byte>, bool> match)
    {
        ThrowIfDisposed();
        return RemoveWhere(ByteRemoval.Removed, (place, length) =>
        {
            int before = place.Header + place.KeyLength;
            int there = place.IsChain ? Math.Clamp(SlabPool.DataSize - before, 0, length) : length;
            return match(new ReadOnlySpan<byte>(place.Block + before, there));
        });
    }

    /// <summary>Gives free slabs back to the system, in steps, without the lock.</summary>
    /// <param name="all">Whether none is kept for the next writes.</param>
    /// <returns>Bytes that went back.</returns>
    public long GiveBack(bool all) => GiveBack(_pool, all) + GiveBack(_largePool, all);

    private long GiveBack(SlabPool pool, bool all)
    {
        if (!all && !pool.HasExcess)
        {
            return 0;
        }

        long pages = 0;
        lock (_giveBackLock)
        {
            using (_lock.Enter())
            {
                pool.Sort();
            }

            while (true)
            {
                using (_lock.EnterAfterOthers())
                {
                    if (!pool.BeginLeaving(all))
                    {
                        break;
                    }
                }

                long given = pool.GiveBackLeaving();
                using (_lock.Enter())
                {
                    pool.EndLeaving(given);
                }

                pages += given;
            }
        }

        return pages * _account.PageSize;
    }

    private bool KeyStarts(Place place, ReadOnlySpan<byte> start)
    {
        if (place.KeyLength < start.Length)
        {
            return false;
        }

        int first = Math.Min(FirstKeyBytes(place), start.Length);
        return new ReadOnlySpan<byte>(place.Block + place.Header, first).SequenceEqual(start[..first])
            && (first == start.Length
                || new ReadOnlySpan<byte>(NextSlab(place.Block), start.Length - first).SequenceEqual(start[first..]));
    }

    private int RemoveWhere(ByteRemoval why, Func<Place, int, bool> match)
    {
        int removed = 0;
        int next = 1;
        using (_lock.Enter())
        {
            _table.Walks++;
        }

        bool isDone = false;
        while (!isDone)
        {
            using (_lock.EnterAfterOthers())
            {
                int end = Math.Min(_table.End, next + WalkSlots);
                for (; next < end; next++)
                {
                    if (_table.Slot(next)->Place is not 0 and ulong word
                        && match(new Place(word), _table.Slot(next)->Length))
                    {
                        RemoveAt_NeedsLock(next, why);
                        removed++;
                    }
                }

                isDone = next >= _table.End;
                _table.Walks -= isDone ? 1 : 0;
                GiveBackIfDisposed_NeedsLock();
            }
        }

        GiveBack(all: false);
        return removed;
    }

    private int EvictSome_NeedsLock(int most, ByteRemoval why)
    {
        Span<int> oldest = stackalloc int[Batch];
        int count = _table.Order.Oldest(oldest[..most]);
        Prefetch_NeedsLock(oldest[..count]);
        for (int i = 0; i < count; i++)
        {
            RemoveAt_NeedsLock(_table.Order.Tail, why);
        }

        return count;
    }

    /// <summary>Evicts a few entries while too much is live.</summary>
    /// <returns>Whether no more has to go, or nothing is left.</returns>
    private bool EvictBeyondLimit_NeedsLock()
    {
        Span<int> oldest = stackalloc int[Batch];
        int count = _table.Order.Oldest(oldest);
        Prefetch_NeedsLock(oldest[..count]);
        for (int i = 0; i < count; i++)
        {
            if (_account.LivePages - (_blocks.HoleBytes / _account.PageSize) <= _account.LimitPages)
            {
                return true;
            }

            RemoveAt_NeedsLock(_table.Order.Tail, ByteRemoval.Shrink);
        }

        return count == 0;
    }

    private void Prefetch_NeedsLock(ReadOnlySpan<int> indexes)
    {
        foreach (int index in indexes)
        {
            ByteOrder.Prefetch(_table.Slot(index));
        }

        foreach (int index in indexes)
        {
            ByteSlot* slot = _table.Slot(index);
            ByteOrder.Prefetch(new Place(slot->Place).Block);
            ByteOrder.Prefetch(_table.Index.TryHead(ByteIndex.BucketOf(slot->Hash, _table.Index.Count)));
        }
    }

    /// <summary>From now on freed blocks stay holes, until the last bulk work ends.</summary>
    private void BeginBulk()
    {
        using (_lock.Enter())
        {
            _blocks.BeginBulk();
        }
    }

    /// <summary>Ends bulk work: moves what is left together.</summary>
    private void EndBulk()
    {
        using (_lock.Enter())
        {
            _blocks.EndBulk();
        }

        for (bool isDone = false; !isDone;)
        {
            using (_lock.EnterAfterOthers())
            {
                isDone = _blocks.Compact(Batch) & _table.Trim(Batch);
                if (isDone && _table.Count == 0)
                {
                    Squeeze_NeedsLock();
                }
            }
        }
    }
}
