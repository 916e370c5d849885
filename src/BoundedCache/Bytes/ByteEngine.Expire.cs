namespace BoundedCache.Bytes;

/// <summary>Entries that expire: found expired, or by a scan.</summary>
internal sealed unsafe partial class ByteEngine
{
    private long Now => _time.GetUtcNow().UtcTicks;

    /// <summary>
    /// The time to judge expirations by in the next hold of the lock. The clock is user code, so it is read before the
    /// lock is taken; and only where an entry may expire, 0 otherwise: then none that comes meanwhile has expired.
    /// </summary>
    private long NowForHold => HasExpiring ? Now : 0;

    /// <summary>Removes a share of what expired: all slots are looked at, in bounded steps.</summary>
    /// <returns>How many entries were removed.</returns>
    public int RemoveExpired()
    {
        long now = Now;
        return !HasExpiring ? 0 : RemoveWhere(
            ByteRemoval.Expired,
            (place, _) => place.HasDeadline && ((BlockHeader*)place.Block)->Deadline <= now);
    }

    private void RemoveExpired(in EncodedKey key)
    {
        long now = Now;
        if (_lock.TryEnter())
        {
            try
            {
                _ = FindLive_NeedsLock(key, now);
            }
            finally
            {
                _lock.Exit();
            }
        }
    }

    /// <summary>An entry with this key; an expired one is removed. Under the lock.</summary>
    /// <param name="key">The key.</param>
    /// <param name="now">When it is, by a look at the clock before the lock was taken.</param>
    /// <param name="slides">Whether the deadline of one that slides moves; never to an earlier time.</param>
    private int FindLive_NeedsLock(in EncodedKey key, long now, bool slides = false)
    {
        int index = Find_NeedsLock(key);
        if (index == ByteOrder.None || new Place(_table.Slot(index)->Place) is not { HasDeadline: true } place)
        {
            return index;
        }

        var header = (BlockHeader*)place.Block;
        if (header->Deadline <= now)
        {
            RemoveAt_NeedsLock(index, ByteRemoval.Expired);
            return ByteOrder.None;
        }

        if (slides && place.IsSliding)
        {
            long end = EntryExpiration.Slide(now, header->Window, header->Absolute);
            Volatile.Write(ref header->Deadline, Math.Max(header->Deadline, end));
        }

        return index;
    }
}
