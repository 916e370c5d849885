using System.Diagnostics.CodeAnalysis;
using BoundedCache.Process;

namespace BoundedCache;

/// <summary>
/// Settings of a <see cref="BoundedMemoryCache"/>. Its constructor checks and copies them: later changes affect no
/// cache.
/// </summary>
public sealed partial class BoundedMemoryCacheOptions
{
    /// <summary>By default pressure leaves a cache one part in this many of its limit.</summary>
    internal const int MinMemoryPart = 8;

    internal const double LeastReserve = 0.01;
    internal const double LargestReserve = 0.5;
    internal const double DefaultReserve = 0.12;

    private long? _minMemory;

    /// <summary>The name in reports, logs and metrics. Default <c>"default"</c>; may not be empty.</summary>
    public string Name { get; set; } = "default";

    /// <summary>
    /// The limit, in bytes of this process's memory (in declared units under <see cref="EntrySizing.Declared"/>), at
    /// least 1. Default: a quarter of the memory available to the process, container limits considered. For another
    /// share, see <see cref="ByteSize.ShareOfAvailable"/>; configuration may say <c>"512MB"</c> or <c>"25%"</c>.
    /// </summary>
    public long MaxMemory { get; set; } = ProcessMemory.AvailableBytes / 4;

    /// <summary>How entries are charged. Default <see cref="EntrySizing.Measured"/>.</summary>
    public EntrySizing Sizing { get; set; } = EntrySizing.Measured;

    /// <summary>
    /// Which entries a full cache evicts first. Default <see cref="EvictionPolicy.LeastRecentlyUsed"/>.
    /// </summary>
    public EvictionPolicy EvictionPolicy { get; set; } = EvictionPolicy.LeastRecentlyUsed;

    /// <summary>
    /// How memory is returned to the operating system when <see cref="BoundedMemoryCache.MaxMemory"/> is lowered, and
    /// by <see cref="BoundedMemoryCache.ReleaseAsync"/> without a mode (Full where this is None). Default
    /// <see cref="ReleaseMode.Full"/>.
    /// </summary>
    public ReleaseMode ReleaseMode { get; set; } = ReleaseMode.Full;

    /// <summary>
    /// Whether a release also asks the native allocator for its free pages (<c>malloc_trim(0)</c>), where much of the
    /// process's memory lies outside the managed heap. Default false: those pages are not the cache's, and other native
    /// threads wait while it walks them. Only the GNU C library can do it; elsewhere the report says so.
    /// </summary>
    public bool TrimNativeMemory { get; set; }

    /// <summary>
    /// The minimum time between two idle releases, from 10 seconds to 24 days; null (the default) for none. An idle
    /// release is a gentle one that starts by itself. It starts when, for half this time (at most three minutes), the
    /// process allocated little and held too much: at least <see cref="IdleReleaseMinimumBytes"/> beyond what it needs,
    /// and at least 1.5 times what it needs. One for all caches of the process; its cost is logged.
    /// </summary>
    public TimeSpan? IdleReleaseInterval { get; set; }

    /// <summary>
    /// Bytes that the process must hold beyond what it needs before it is released when idle.
    /// Default 64 MiB; at least 1.
    /// </summary>
    public long IdleReleaseMinimumBytes { get; set; } = 64L * 1024 * 1024;

    /// <summary>
    /// How much dead memory evictions may leave behind before the garbage collector collects the whole heap in the
    /// background, as a share of <see cref="MaxMemory"/>. Half as much new memory may come in before the young
    /// generations are compacted. Default 0.05; from 0, which turns pacing off, to 1.
    /// </summary>
    /// <remarks>
    /// An evicted entry stays in memory until the collector collects its generation. Under steady churn the runtime by
    /// itself lets that grow to twice the limit, and new objects pile up by the size of the processor's cache. Smaller
    /// shares keep the process nearer to the limit, and cost processor time and shorter but more pauses. All caches of
    /// the process share one budget: the sum of theirs, and at least 8 MiB (where their limits are less than 48 MiB in
    /// all: 32 MiB less half of them). A cache that never comes near its limit lets the others leave more dead than
    /// they would alone. Give it a limit that it may fill, or 0 here, which takes it out of the budget. Pacing does
    /// nothing when the process collects often enough by itself, or in a no-GC region. It takes at most 85 % of one
    /// processor's time in the background and half of all time in young collections. It forestalls young collections of
    /// the runtime that would come just before. Where writers make entries faster than the collector takes the evicted
    /// ones, they wait for it, each write for at most 250 milliseconds in all
    /// (<see cref="CacheSnapshot.WriterWaits"/>); readers never wait. In a process whose live heap is mostly not the
    /// caches', collections may stop it for a smaller share of the time, and what may not be collected yet is told by
    /// <see cref="CacheSnapshot.OverdueBytes"/>. Without effect under <see cref="EntrySizing.Declared"/>, whose units
    /// may be anything.
    /// </remarks>
    public double PacingShare { get; set; } = 0.05;

    /// <summary>
    /// Whether the cache yields before the process is ended for want of memory: before its container's limit or its
    /// heap's hard limit is reached. Default true.
    /// </summary>
    /// <remarks>
    /// When less than a reserve is left (<see cref="MemoryReserve"/>), all caches of the process give up entries, each
    /// in proportion to what it holds above its <see cref="MinMemory"/>.
    /// <see cref="BoundedMemoryCache.EffectiveMaxMemory"/> falls, and memory is released. When there is room for some
    /// seconds, it rises again in steps.
    /// <see cref="CacheSnapshot.Pressure"/> says why, how much and since when. Limits of containers are read on Linux;
    /// the heap's hard limit everywhere. Without effect under <see cref="EntrySizing.Declared"/>, whose units may be
    /// anything.
    /// </remarks>
    public bool YieldToMemoryPressure { get; set; } = true;

    /// <summary>
    /// Bytes that memory pressure leaves the cache, at least 0 (then it keeps one byte, and no entry). Default: an
    /// eighth of <see cref="MaxMemory"/>, also when that changes while the cache is in use, or of the process's limit
    /// that is near, where that is less. More than the limit counts as the limit. Where none was set, reading it
    /// answers an eighth of <see cref="MaxMemory"/>.
    /// </summary>
    public long MinMemory
    {
        get => _minMemory ?? (MaxMemory / MinMemoryPart);
        set => _minMemory = value;
    }

    /// <summary>
    /// The share of a container's limit that caches keep free, from 0.01 to 0.5. Default 0.12: closer to the limit the
    /// runtime stops the process ever more often to collect. Of the machine's memory the same share is kept free
    /// (<see cref="YieldToMachinePressure"/>), of the heap's hard limit half of it. At least 32 MiB are kept free, or a
    /// sixth of a limit below 192 MiB. The largest share of all caches counts.
    /// </summary>
    public double MemoryReserve { get; set; } = DefaultReserve;

    /// <summary>
    /// Whether the cache also yields when the machine's memory runs short (<c>MemAvailable</c> on Linux). Default
    /// false: then another process's leak would empty this cache. Without effect where
    /// <see cref="YieldToMemoryPressure"/> is false.
    /// </summary>
    public bool YieldToMachinePressure { get; set; }

    /// <summary>
    /// The share of one processor for measuring values again that may have changed since they were stored. Default
    /// 0.01; from 0, for never, to 1. The largest share counts, since one thread of low priority serves all caches of
    /// the process.
    /// </summary>
    /// <remarks>
    /// Values that cannot change (strings, arrays of data, objects whose fields are all read-only and of such types)
    /// are left alone, and so are entries whose value has a sizer (<see cref="AddSizer{T}"/>); a key with a sizer stays
    /// charged what that said. No code of values runs. It rests while the cache is not used. An entry whose value grew
    /// is charged more, and others are evicted for it; one whose value shrank is charged less, but never below a
    /// declared size. Growth beyond twofold must be found twice. Objects that grew and that many entries share are
    /// charged to none; the log and the memory report tell. Whatever this is, tasks and lazies that are stored before
    /// they are finished are measured when they are, long chains are counted to their ends, and a shrink that leaves
    /// much alive measures, and charges, the likeliest values. Without effect under
    /// <see cref="EntrySizing.Declared"/>.
    /// </remarks>
    public double AuditShare { get; set; } = 0.01;

    /// <summary>
    /// Whether changed values are only reported: by the log, <see cref="CacheSnapshot.UnchargedBytes"/> and the memory
    /// report. No charge changes, and nothing is evicted for them. Tasks and lazies are charged all the same when they
    /// are finished, and long chains when they are counted. Default false.
    /// </summary>
    public bool AuditOnlyReports { get; set; }

    /// <summary>The clock and the timers of expiration and of idle releases. Default: the system's.</summary>
    [SuppressMessage("ApiDesign", "RS0030", Justification = "The one default.")]
    public TimeProvider TimeProvider { get; set; } = TimeProvider.System;

    /// <summary>
    /// How often the cache looks for expired entries. Entries that are not read give their bytes back within this time.
    /// Default one minute; more than zero.
    /// </summary>
    public TimeSpan ExpirationScanFrequency { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// Whether hits and misses are counted for <see cref="BoundedMemoryCache.GetCurrentStatistics"/>. Default false.
    /// </summary>
    public bool TrackStatistics { get; set; }

    /// <summary>
    /// Whether an entry that is built while another is being built passes its tokens and its absolute expiration on to
    /// that other. Default false.
    /// </summary>
    public bool TrackLinkedCacheEntries { get; set; }

    /// <summary>
    /// Whether values that are <see cref="IDisposable"/> or <see cref="IAsyncDisposable"/> are disposed when their
    /// entries have left the cache. Default false. A value that the cache refused is never disposed, even if entries
    /// that hold it leave: the caller holds it, until it is stored again. <see cref="BoundedCacheEntryExtensions"/>
    /// does it for single entries, and says what it means for readers.
    /// </summary>
    public bool DisposeValues { get; set; }

    /// <summary>The longest <see cref="ExpirationScanFrequency"/>: what timers take, in whole days.</summary>
    internal static TimeSpan LongestScanInterval { get; } = TimeSpan.FromDays(49);

    /// <summary><see cref="MinMemory"/> where it was set; null for the default.</summary>
    internal long? ConfiguredMinMemory
    {
        get => _minMemory;
        set => _minMemory = value;
    }

    /// <summary>Sizers by type, in bytes; see <see cref="AddSizer{T}"/>.</summary>
    internal Dictionary<Type, Func<object, long>> Sizers { get; } = [];

    /// <summary>
    /// Registers a function that returns how many bytes values (or keys) of exactly the type <typeparamref name="T"/>
    /// keep alive, including themselves. The cache then does not measure them. The sizer runs on the writer's thread,
    /// under no lock. If it throws or returns a negative number, the object is measured and the failure logged.
    /// </summary>
    /// <typeparam name="T">The exact type; types derived from it are measured as usual.</typeparam>
    /// <param name="sizer">Returns bytes, zero or more. Must be thread-safe.</param>
    /// <returns>These options.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="sizer"/> is null.</exception>
    public BoundedMemoryCacheOptions AddSizer<T>(Func<T, long> sizer)
        where T : notnull
    {
        ArgumentNullException.ThrowIfNull(sizer);
        Sizers[typeof(T)] = value => sizer((T)value);
        return this;
    }
}
