using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.TestSupport;

/// <summary>
/// The same model with the scan-resistant order: slow and obviously what the policy says. What was evicted before, and
/// the share of the small queues, are asked for: they have tests of their own.
/// </summary>
/// <param name="maxBytes">The limit.</param>
/// <param name="smallShare">Returns the share of their priority's bytes that small queues may have.</param>
public sealed class NaiveScanResistant(long maxBytes, Func<double> smallShare) : NaiveLru(maxBytes)
{
    private const int MaxSteps = 64;

    private long _now = 1;

    /// <summary>Whether the key that is stored next was evicted a short while ago.</summary>
    public bool IsNextReturned { get; set; }

    public override IEnumerable<object> KeysInOrder(CacheItemPriority priority) =>
        Entries.Where(entry => entry.Priority == priority).OrderBy(static entry => entry.IsMain)
            .ThenBy(static entry => ClassOf(entry.Size)).Select(static entry => entry.Key);

    protected override void Use(Entry entry) => entry.Mark = Math.Min(3, entry.Mark + 1);

    protected override void Add(Entry entry)
    {
        entry.IsMain = IsNextReturned;
        PutFirst(entry);
        _now++;
    }

    protected override void Replace(Entry old, Entry entry)
    {
        (entry.IsMain, entry.Mark, entry.QueuedAt) = (old.IsMain, old.Mark, old.QueuedAt);
        if (old.Priority != entry.Priority || ClassOf(old.Size) != ClassOf(entry.Size))
        {
            PutFirst(entry);
        }
    }

    protected override void OnResized(Entry entry, long before)
    {
        if (ClassOf(before) != ClassOf(entry.Size))
        {
            PutFirst(entry);
        }
    }

    protected override Entry? NextVictim(CacheItemPriority highest, Entry? spared = null)
    {
        for (CacheItemPriority priority = 0; priority <= highest; priority++)
        {
            for (int step = 1; ; step++)
            {
                List<Entry> small = Entries.FindAll(entry => entry.Priority == priority && !entry.IsMain);
                List<Entry> main = Entries.FindAll(entry => entry.Priority == priority && entry.IsMain);
                long inSmall = small.Sum(BytesOf);
                long inBoth = inSmall + main.Sum(BytesOf);
                bool fromSmall = small.Count > 0 && (main.Count == 0 || inSmall > smallShare() * inBoth);
                Entry? victim = Oldest(fromSmall ? small : main, spared) ?? Oldest(fromSmall ? main : small, spared);
                if (victim is null)
                {
                    break;
                }

                if (victim.Mark == 0 || step >= MaxSteps)
                {
                    return victim;
                }

                victim.Mark = victim.IsMain ? victim.Mark - 1 : 0;
                victim.IsMain = true;
                PutFirst(victim);
            }
        }

        return null;
    }

    private Entry? Oldest(List<Entry> queue, Entry? spared) =>
        queue.Where(entry => entry != spared).Reverse()
            .GroupBy(static entry => ClassOf(entry.Size)).OrderBy(static group => group.Key)
            .Select(static group => group.First())
            .MaxBy(entry => Math.Sqrt(BytesOf(entry)) * (_now - entry.QueuedAt + 1));

    /// <summary>An entry without a size counts as one byte, or it would never be the next victim.</summary>
    private static long BytesOf(Entry entry) => Math.Max(entry.Size, 1);

    private void PutFirst(Entry entry)
    {
        entry.QueuedAt = _now;
        Entries.Remove(entry);
        Entries.Insert(0, entry);
    }

    /// <summary>Classes of a factor of four: 0 for 0 to 3 bytes, 1 for 4 to 15, and so on.</summary>
    private static int ClassOf(long size)
    {
        int place = 0;
        for (long from = 4; size >= from && place < 15; from *= 4)
        {
            place++;
        }

        return place;
    }
}
