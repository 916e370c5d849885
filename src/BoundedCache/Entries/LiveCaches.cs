using System.Runtime.CompilerServices;
using BoundedCache.Process;
using BoundedCache.Report;

namespace BoundedCache.Entries;

/// <summary>
/// All caches of this process that were not collected yet, held weakly, and what each had let go when the whole
/// heap was last collected.
/// </summary>
internal static class LiveCaches
{
    private static readonly ConditionalWeakTable<BoundedMemoryCache, CreditMark> s_marks = [];

    static LiveCaches() => FullCollectionSignal.Start(MarkAll);

    /// <summary>The caches.</summary>
    public static IReadOnlyList<BoundedMemoryCache> All => [.. s_marks.Select(static pair => pair.Key)];

    /// <summary>
    /// What all caches together may have, in bytes; <see cref="long.MaxValue"/> where that is no number.
    /// </summary>
    public static long LimitBytes =>
        s_marks.Aggregate(0L, static (sum, pair) => sum + Math.Min(pair.Key.LimitBytes, long.MaxValue - sum));

    /// <summary>Adds a cache that was just made.</summary>
    public static void Add(BoundedMemoryCache cache) => s_marks.Add(cache, new CreditMark());

    /// <summary>Asks caches for their share of the memory.</summary>
    /// <param name="caches">
    /// Those whose entries are asked for; what all let go is asked for in any case, for it is dead whoever asks.
    /// </param>
    public static CacheShare ReadShare(IReadOnlyCollection<BoundedMemoryCache> caches)
    {
        long dead = 0;
        foreach ((BoundedMemoryCache cache, CreditMark mark) in s_marks)
        {
            dead += cache.IsMeasured
                ? Math.Max(0, cache.Engine.CreditedBytes - Volatile.Read(ref mark.CreditedBytes))
                : 0;
        }

        return new CacheShare
        {
            Bytes = caches.Sum(static cache => cache.IsMeasured ? cache.UsedMemory : 0),
            DeadBytes = dead,
            LimitBytes = LimitBytes,
            Counted = caches.Count(static cache => cache.IsMeasured),
            Declared = caches.Count(static cache => !cache.IsMeasured),
        };
    }

    private static void MarkAll()
    {
        foreach ((BoundedMemoryCache cache, CreditMark mark) in s_marks)
        {
            Volatile.Write(ref mark.CreditedBytes, cache.Engine.CreditedBytes);
        }
    }

    /// <summary>The bytes that had left a cache when the whole heap was last collected.</summary>
    private sealed class CreditMark
    {
        public long CreditedBytes;
    }
}
