using BoundedCache.ShrinkDemo.Caches;

namespace BoundedCache.ShrinkDemo.Workloads;

/// <summary>
/// Writes to and reads from the cache, and counts the outcomes. Every write is read back at once; every read is
/// compared with what was written. For one thread.
/// </summary>
internal sealed class AccessLedger(IDemoCache cache)
{
    /// <summary>A generous bound for a string's and an array's header and a table slot, in bytes.</summary>
    private const long EntryOverheadBytes = 256;

    /// <summary>Values passed to the cache.</summary>
    public long Writes { get; private set; }

    /// <summary>Writes that could not be read back at once: the cache did not store them.</summary>
    public long Dropped { get; private set; }

    /// <summary>Values larger than the limit, or so close to it that they do not fit with their key.</summary>
    public long TooLarge { get; private set; }

    public long Reads { get; private set; }

    public long Hits { get; private set; }

    /// <summary>Reads that returned a value not written under their key.</summary>
    public long Wrong { get; private set; }

    /// <summary>Reads that found nothing where the cache had promised to keep the entry.</summary>
    public long Lost { get; private set; }

    public void Write(string key, long size, ulong stamp)
    {
        // A value that no cache would store is not created: a trace may ask for gigabytes.
        if (size > Math.Min(cache.LimitBytes, Array.MaxLength))
        {
            TooLarge++;
            return;
        }

        byte[] value = StampedValue.Create((int)size, stamp);
        cache.Set(key, value);
        Writes++;
        if (!cache.TryGet(key, out byte[]? stored))
        {
            CountNotTaken(key, size);
        }
        else if (stored.Length != value.Length || !StampedValue.Matches(stored, stamp))
        {
            Wrong++;
        }
    }

    /// <returns>Whether the cache had the key.</returns>
    public bool Read(string key, ulong stamp)
    {
        Reads++;
        if (!cache.TryGet(key, out byte[]? value))
        {
            return false;
        }

        Hits++;
        if (!StampedValue.Matches(value, stamp))
        {
            Wrong++;
        }

        return true;
    }

    public void ReadPromised(string key, ulong stamp)
    {
        if (!Read(key, stamp))
        {
            Lost++;
        }
    }

    private void CountNotTaken(string key, long size)
    {
        if (size + (key.Length * sizeof(char)) + EntryOverheadBytes > cache.LimitBytes)
        {
            TooLarge++;
        }
        else
        {
            Dropped++;
        }
    }
}
