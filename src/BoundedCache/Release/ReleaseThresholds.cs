using BoundedCache.Report;

namespace BoundedCache.Release;

/// <summary>
/// The amounts and times from which on a release counts something as worth doing, worth reporting, or stuck.
/// </summary>
internal sealed record ReleaseThresholds
{
    private const long MiB = 1024 * 1024;

    /// <summary>
    /// The minimum gain in bytes that is worth a collection. The promise on RSS allows 10 MB beside the limit, so a
    /// fifth of that may wait for the next release. Skipped bytes are remembered, so many small requests add up to one
    /// run.
    /// </summary>
    public long MinimumGainBytes { get; init; } = 2 * MiB;

    /// <summary>
    /// The minimum gain as one part in this many of the committed heap. The pause grows with what survives, and the
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

    /// <summary>How long after its bound a caller's wait may return before its thread is abandoned.</summary>
    public TimeSpan CallbackGrace { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>The bound on waiting for finalizers.</summary>
    public TimeSpan Finalizers { get; init; } = MemoryAnalyzer.FinalizerPatience;

    /// <summary>The bound on one background collection, which takes seconds in a heap of gigabytes.</summary>
    public TimeSpan Background { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How often a release checks whether the background collection has ended.</summary>
    public TimeSpan BackgroundPoll { get; init; } = TimeSpan.FromMilliseconds(5);

    /// <summary>Time between slices that bring something: the runtime returns nothing before 100 ms are over.</summary>
    public TimeSpan SliceInterval { get; init; } = TimeSpan.FromMilliseconds(105);

    /// <summary>Time between slices that bring nothing: they only let empty regions grow old.</summary>
    public TimeSpan FruitlessInterval { get; init; } = TimeSpan.FromMilliseconds(20);

    /// <summary>
    /// Slices without gain that end a gentle release's slices: the runtime gives up empty regions from age 20 on.
    /// </summary>
    public int FruitlessSlices { get; init; } = 36;

    /// <summary>The minimum that counts as a gain of a slice.</summary>
    public long MinimumSliceBytes { get; init; } = MiB;

    /// <summary>
    /// Live bytes up to which the last full collection of a gentle release stops the process briefly enough.
    /// </summary>
    public long GentleFullMaxLiveBytes { get; init; } = 256 * MiB;

    /// <summary>How long a shrink waits for threads that are blocked before one more thread is added.</summary>
    public TimeSpan ShrinkPatience { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>
    /// Time over which releases after limit changes are counted. Within it run the first release and one more that is
    /// large; one release follows for all the rest.
    /// </summary>
    public TimeSpan StormWindow { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How often the releaser looks whether a release that is owed can do its job: often enough to follow within a
    /// second, and too rarely to be seen in a profile.
    /// </summary>
    public TimeSpan OwedLook { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>
    /// The pause before the first further try of a release that pins or an exception kept from its job; the pauses
    /// before later ones are two, three… times as long.
    /// </summary>
    public TimeSpan OwedRetry { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Further tries of such a release, over some 40 seconds; then it is given up.</summary>
    public int OwedTries { get; init; } = 6;

    /// <summary>
    /// Native memory from which on the allocator is asked to return it, where the application allows that.
    /// </summary>
    public long NativeTrimBytes { get; init; } = 16 * MiB;

    /// <summary>
    /// Whether an excess is clear: more than a tenth of what is due plus 5 MB. The promise on RSS allows as much for
    /// the heap, and another 5 MB for what grows beside it: compiled code, stacks, the allocator's reserves.
    /// </summary>
    public static bool IsClear(long excessBytes, long dueBytes) => excessBytes > 5_000_000 + (dueBytes / 10);

    /// <summary>
    /// Whether a gain is so large that it is not deferred after many requests in a row: a third of the process.
    /// </summary>
    public static bool IsLarge(long gainBytes, long occupiedBytes) => gainBytes >= occupiedBytes / 3;

    /// <summary>Whether empty committed memory is reason enough for a release.</summary>
    public bool IsKnownGap(long idleBytes, long liveBytes) => idleBytes > KnownGapBytes && idleBytes > liveBytes / 4;

    /// <summary>
    /// Whether the memory that slices left is worth the last collection of a gentle release: a tenth of what is alive,
    /// as the promise on RSS allows. The 10 MB beside it are for what grows outside the heap. The bound is no lower
    /// because that collection stops the process.
    /// </summary>
    public bool IsWorthFetching(long idleBytes, long liveBytes) =>
        idleBytes > Math.Max(MinimumGainBytes, liveBytes / 10);

    /// <summary>Whether memory outside the managed heap is worth a sentence.</summary>
    public bool IsNative(long nativeBytes, long committedBytes) =>
        nativeBytes > NativeBytes && nativeBytes > committedBytes / 2;
}
