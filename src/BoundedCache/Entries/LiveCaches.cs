using System.Diagnostics;
using System.Runtime.CompilerServices;
using BoundedCache.Process;
using BoundedCache.Report;

namespace BoundedCache.Entries;

/// <summary>A cache, as the list of all caches of the process sees it.</summary>
internal interface ILiveCache
{
    /// <summary>Whether its bytes are bytes of this process, not declared units.</summary>
    bool IsMeasured { get; }

    /// <summary>Which entries it evicts first.</summary>
    EvictionPolicy EvictionPolicy { get; }

    /// <summary>Entries in it.</summary>
    int Count { get; }

    /// <summary>Accounted bytes of its entries.</summary>
    long UsedMemory { get; }

    /// <summary>
    /// Bytes of this process that it may hold at most; 0 once it is disposed or where it is not measured.
    /// </summary>
    long LimitBytes { get; }

    /// <summary>Bytes of entries that left it, that are dead, and that could not be collected yet.</summary>
    long OverdueBytes { get; }

    /// <summary>Bytes of entries that left it or were refused, whose callbacks or disposal have yet to run.</summary>
    long PendingBytes => 0;

    /// <summary>Why it has less than its limit; null where it has all of it.</summary>
    CachePressure? Pressure { get; }

    /// <summary>Accounted bytes that ever left it.</summary>
    long CreditedBytes { get; }

    /// <summary>Resident bytes of native memory that it holds.</summary>
    long NativeBytes => 0;

    /// <summary>Resident bytes of native memory that it may hold at most; 0 once it is disposed.</summary>
    long NativeLimitBytes => 0;

    /// <summary>What measurements after its entries were stored found.</summary>
    AuditTotals AuditTotals { get; }

    /// <summary>Measures its likeliest values again, for a bounded time, and changes nothing.</summary>
    Reexamination Reexamine(TimeSpan budget);

    /// <summary>Finds entries that may keep alive what they are not charged, for a bounded time.</summary>
    UnfollowedValues FindUnfollowed(TimeSpan budget) => default;
}

/// <summary>
/// All caches of this process that were not collected yet, held weakly, and how many bytes had left each of them when
/// the whole heap was last collected. Thread-safe.
/// </summary>
internal static class LiveCaches
{
    /// <summary>
    /// The time for measuring values again before a report denies that caches hold the memory, and the same again for
    /// finding those that cannot be measured.
    /// </summary>
    private static readonly TimeSpan s_recheck = TimeSpan.FromMilliseconds(300);

    private static readonly ConditionalWeakTable<ILiveCache, CreditMark> s_marks = [];

    static LiveCaches() => FullCollectionSignal.Start(MarkAll);

    /// <summary>The caches.</summary>
    public static IReadOnlyList<ILiveCache> All => [.. s_marks.Select(static pair => pair.Key)];

    /// <summary>The sum of all caches' limits in bytes; <see cref="long.MaxValue"/> where it is larger.</summary>
    public static long LimitBytes =>
        s_marks.Aggregate(0L, static (sum, pair) => sum + Math.Min(pair.Key.LimitBytes, long.MaxValue - sum));

    /// <summary>The sum of the limits of caches in native memory.</summary>
    public static long NativeLimitBytes => s_marks.Aggregate(
        0L, static (sum, pair) => sum + Math.Min(pair.Key.NativeLimitBytes, long.MaxValue - sum));

    /// <summary>Whether this process could hold all limits if one of the caches had another one.</summary>
    /// <returns>What is missing; null where nothing is known to be, or where the cache has no limit in bytes.</returns>
    public static MemoryReportFinding? CheckLimit(ILiveCache cache, long maxMemory)
    {
        bool isNative = cache.NativeLimitBytes > 0;
        if ((cache.LimitBytes == 0 && !isNative) || HeapRoom.Read(ProcessMemory.Shared) is not { } room)
        {
            return null;
        }

        (long heap, long native) = (LimitBytes - cache.LimitBytes, NativeLimitBytes - cache.NativeLimitBytes);
        return isNative
            ? HeapRules.CheckLimit(room, heap, Sum(native, maxMemory))
            : HeapRules.CheckLimit(room, Sum(heap, maxMemory), native);
    }

    /// <summary>Adds a cache that was just made.</summary>
    public static void Add(ILiveCache cache) => s_marks.Add(cache, new CreditMark());

    /// <summary>Reads the caches' share of the memory.</summary>
    /// <param name="caches">
    /// The caches whose entries are counted. What left a cache since the last collection is counted for all caches: it
    /// is dead for every caller.
    /// </param>
    public static CacheShare ReadShare(IReadOnlyCollection<ILiveCache> caches)
    {
        long dead = 0;
        foreach ((ILiveCache cache, CreditMark mark) in s_marks)
        {
            dead = Sum(
                dead, cache.IsMeasured ? cache.CreditedBytes - Volatile.Read(ref mark.CreditedBytes) : 0);
        }

        return new CacheShare
        {
            Bytes = caches.Aggregate(0L, static (sum, cache) => Sum(sum, cache.IsMeasured ? cache.UsedMemory : 0)),
            DeadBytes = dead,
            Pressures = [.. s_marks.Select(static pair => pair.Key.Pressure).OfType<CachePressure>()],
            NativeBytes = s_marks.Sum(static pair => pair.Key.NativeBytes),
            PendingBytes = s_marks.Aggregate(0L, static (sum, pair) => Sum(sum, pair.Key.PendingBytes)),
            OverdueBytes = s_marks.Aggregate(0L, static (sum, pair) => Sum(sum, pair.Key.OverdueBytes)),
            LimitBytes = LimitBytes,
            NativeLimitBytes = NativeLimitBytes,
            Uncounted = s_marks.Count(pair => pair.Key.IsMeasured
                ? pair.Key.UsedMemory > 0 && !caches.Contains(pair.Key)
                : pair.Key.Count > 0),
            Counted = caches.Count(static cache => cache.IsMeasured),
            ScanResistant = caches.Count(
                static cache => cache is { IsMeasured: true, EvictionPolicy: EvictionPolicy.ScanResistant }),
            Declared = caches.Count(static cache => !cache.IsMeasured),
            UnfinishedEntries = All.Sum(static cache => (long)cache.AuditTotals.Unfinished),
            GrownBytes = All.Sum(static cache => cache.AuditTotals.RecentBytes + cache.AuditTotals.UnchargedBytes),
            Recheck = () => Recheck(caches),
        };
    }

    /// <summary>Measures the likeliest values of all caches again, and reads the share anew.</summary>
    private static CacheShare Recheck(IReadOnlyCollection<ILiveCache> caches)
    {
        IReadOnlyList<ILiveCache> all = All;
        Reexamination[] measured = InTurn(all, static (cache, budget) => cache.Reexamine(budget));
        CacheShare share = ReadShare(caches);
        UnfollowedValues[] unfollowed = InTurn(all, static (cache, budget) => cache.FindUnfollowed(budget));
        return share with
        {
            GrownBytes = Math.Max(share.GrownBytes, measured.Sum(static found => found.GrownBytes)),
            UnfollowedEntries = unfollowed.Sum(static found => found.Entries),
            CallbackBytes = unfollowed.Sum(static found => found.CallbackBytes),
            IsSearchCut = measured.Any(static found => found.IsCut) || unfollowed.Any(static found => found.IsCut),
            Recheck = null,
        };
    }

    /// <summary>Looks at each cache. What one leaves of its time is for those after it.</summary>
    private static T[] InTurn<T>(IReadOnlyList<ILiveCache> caches, Func<ILiveCache, TimeSpan, T> look)
    {
        long started = Stopwatch.GetTimestamp();
        return
        [
            .. caches.Select((cache, i) =>
            {
                TimeSpan left = s_recheck - Stopwatch.GetElapsedTime(started);
                return look(cache, left < TimeSpan.Zero ? TimeSpan.Zero : left / (caches.Count - i));
            }),
        ];
    }

    /// <summary>A sum that stops at the largest number: limits and declared sizes may be close to it.</summary>
    private static long Sum(long others, long bytes) =>
        others + Math.Min(Math.Max(0, bytes), long.MaxValue - others);

    private static void MarkAll()
    {
        foreach ((ILiveCache cache, CreditMark mark) in s_marks)
        {
            Volatile.Write(ref mark.CreditedBytes, cache.CreditedBytes);
        }
    }

    /// <summary>The bytes that had left a cache when the whole heap was last collected.</summary>
    private sealed class CreditMark
    {
        public long CreditedBytes;
    }
}
