using BoundedCache.Pacing;
using BoundedCache.Report;

namespace BoundedCache.Release;

/// <summary>
/// The amounts and times from which on a release counts something as worth doing, worth saying, or stuck.
/// </summary>
internal sealed record ReleaseThresholds
{
    private const long MiB = 1024 * 1024;

    /// <summary>
    /// The least gain in bytes that is worth a collection. The promise on RSS allows 10 MB beside the limit, so a fifth
    /// of that may wait for the next release; skipped bytes are remembered, so many small requests add up to one run.
    /// </summary>
    public long MinimumGainBytes { get; init; } = 2 * MiB;

    /// <summary>
    /// The least gain as one part in this many of the committed heap: the pause grows with what survives, and the
    /// promise on RSS allows ten times as much.
    /// </summary>
    public long MinimumGainDivisor { get; init; } = 100;

    /// <summary>Empty committed memory from which on a release is worth it whatever the caller expects.</summary>
    public long KnownGapBytes { get; init; } = 32 * MiB;

    /// <summary>
    /// Memory outside the managed heap from which on it is worth a sentence; a plain web application stays below.
    /// </summary>
    public long NativeBytes { get; init; } = 128 * MiB;

    /// <summary>The bound on waiting for callers' callbacks, all callers of a run together.</summary>
    public TimeSpan CallbackPatience { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long after its bound a caller's wait may return before its thread is given up.</summary>
    public TimeSpan CallbackGrace { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>The bound on waiting for finalizers.</summary>
    public TimeSpan Finalizers { get; init; } = MemoryAnalyzer.FinalizerPatience;

    /// <summary>
    /// The bound on one collection in the background, which takes seconds in a heap of gigabytes.
    /// </summary>
    public TimeSpan Background { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How often the end of a collection in the background is looked for.</summary>
    public TimeSpan BackgroundPoll { get; init; } = TimeSpan.FromMilliseconds(5);

    /// <summary>
    /// Time between slices that bring something: the runtime hands nothing back before 100 ms are over.
    /// </summary>
    public TimeSpan SliceInterval { get; init; } = TimeSpan.FromMilliseconds(105);

    /// <summary>Time between slices that bring nothing, and only let empty regions grow old.</summary>
    public TimeSpan FruitlessInterval { get; init; } = TimeSpan.FromMilliseconds(20);

    /// <summary>
    /// Slices without gain after which there is no more to come: empty regions are given up from age 20 on.
    /// </summary>
    public int FruitlessSlices { get; init; } = 36;

    /// <summary>The least that a slice has to bring to count.</summary>
    public long MinimumSliceBytes { get; init; } = MiB;

    /// <summary>
    /// Live bytes up to which the last full collection of a gentle release stops the process briefly enough.
    /// </summary>
    public long QuickLiveBytes { get; init; } = Pacer.QuickLiveBytes;

    /// <summary>
    /// Time over which releases after limit changes are counted: within it run the first and one more that is large;
    /// one follows for all the rest.
    /// </summary>
    public TimeSpan StormWindow { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Native memory from which on the allocator is asked for it, where the application allows that.</summary>
    public long NativeTrimBytes { get; init; } = 16 * MiB;

    /// <summary>
    /// Whether an excess is clear: beyond a tenth of what is due and 5 MB. The promise on RSS allows as much for the
    /// heap, and another 5 MB for what grows beside it: compiled code, stacks, the allocator's reserves.
    /// </summary>
    public static bool IsClear(long excessBytes, long dueBytes) => excessBytes > 5_000_000 + (dueBytes / 10);

    /// <summary>
    /// Whether a gain is so large that many requests in a row are no reason to put it off: a third of the process.
    /// </summary>
    public static bool IsLarge(long gainBytes, long occupiedBytes) => gainBytes >= occupiedBytes / 3;

    /// <summary>Whether empty committed memory is reason enough for a release.</summary>
    public bool IsKnownGap(long idleBytes, long liveBytes) => idleBytes > KnownGapBytes && idleBytes > liveBytes / 4;

    /// <summary>
    /// Whether what slices left is worth the last collection of a gentle release: a tenth of what is alive, as the
    /// promise on RSS allows. The 10 MB beside it are left to what grows outside the heap. No less, for that
    /// collection stops the process.
    /// </summary>
    public bool IsWorthFetching(long idleBytes, long liveBytes) =>
        idleBytes > Math.Max(MinimumGainBytes, liveBytes / 10);

    /// <summary>Whether memory outside the managed heap is worth a sentence.</summary>
    public bool IsNative(long nativeBytes, long committedBytes) =>
        nativeBytes > NativeBytes && nativeBytes > committedBytes / 2;
}
