using BoundedCache.Engine;

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

    /// <summary>Removes an entry that a reader found expired, if the lock is free.</summary>
    private void RemoveExpired(in EncodedKey key)
    {
        long now = Now;
        if (_lock.TryEnter())
        {
            try
            {
                int index = Find_NeedsLock(key);
                if (index != ByteOrder.None && new Place(_table.Slot(index)->Place).HasDeadline)
                {
                    _ = Judge_NeedsLock(index, now, slides: false);
                }
            }
            finally
            {
                _lock.Exit();
            }
        }
    }

    /// <summary>Takes the lock and looks an entry up; an expired one is removed.</summary>
    /// <remarks>
    /// The clock is user code, so it is asked without the lock. Its answer holds for an entry that was there before
    /// and did not change since; for any other it is asked again. So the result is that of the moment when the clock
    /// was asked, also where other threads move the clock on and use the cache before the lock is taken. An entry that
    /// others change each time is judged by the last answer in the end: it may be found although it expired since.
    /// </remarks>
    /// <param name="key">The key.</param>
    /// <param name="seen">The entry as it was seen without the lock; default where it was not looked up.</param>
    /// <param name="slides">Whether the deadline of one that slides moves.</param>
    /// <param name="index">Its slot; <see cref="ByteOrder.None"/> where there is none.</param>
    private EngineLock.Held EnterAndFindLive(in EncodedKey key, in Seen seen, bool slides, out int index)
    {
        int known = seen.Place.HasDeadline ? seen.Index : ByteOrder.None;
        uint version = seen.Version;
        for (int tries = 0; ; tries++)
        {
            long now = known == ByteOrder.None ? 0 : Now;
            EngineLock.Held held = _lock.Enter();
            index = Find_NeedsLock(key);
            if (index == ByteOrder.None || !new Place(_table.Slot(index)->Place).HasDeadline)
            {
                return held;
            }

            if ((index == known && _table.Slot(index)->Version == version)
                || (tries >= Tries && known != ByteOrder.None))
            {
                index = Judge_NeedsLock(index, now, slides);
                return held;
            }

            (known, version) = (index, _table.Slot(index)->Version);
            held.Dispose();
        }
    }

    /// <summary>Removes an entry that has expired, or moves its deadline; never to an earlier time.</summary>
    /// <returns>Its slot; <see cref="ByteOrder.None"/> where it had expired.</returns>
    private int Judge_NeedsLock(int index, long now, bool slides)
    {
        var place = new Place(_table.Slot(index)->Place);
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
