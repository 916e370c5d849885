namespace BoundedCache.Bytes;

/// <summary>Entries that expire: found expired, or by a scan.</summary>
internal sealed unsafe partial class ByteEngine
{
    private long Now => _time.GetUtcNow().UtcTicks;

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
        if (_lock.TryEnter())
        {
            try
            {
                _ = FindLive_NeedsLock(key);
            }
            finally
            {
                _lock.Exit();
            }
        }
    }

    /// <summary>An entry with this key; an expired one is removed. Under the lock.</summary>
    /// <param name="key">The key.</param>
    /// <param name="slides">Whether the deadline of one that slides moves, by the same look at the clock.</param>
    private int FindLive_NeedsLock(in EncodedKey key, bool slides = false)
    {
        int index = Find_NeedsLock(key);
        if (index == ByteOrder.None || new Place(_table.Slot(index)->Place) is not { HasDeadline: true } place)
        {
            return index;
        }

        long now = Now;
        var header = (BlockHeader*)place.Block;
        if (header->Deadline <= now)
        {
            RemoveAt_NeedsLock(index, ByteRemoval.Expired);
            return ByteOrder.None;
        }

        if (slides && place.IsSliding)
        {
            Volatile.Write(ref header->Deadline, EntryExpiration.Slide(now, header->Window, header->Absolute));
        }

        return index;
    }
}
