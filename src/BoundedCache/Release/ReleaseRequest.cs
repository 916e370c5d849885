using BoundedCache.Report;

namespace BoundedCache.Release;

/// <summary>
/// What one caller wants of a release; or what several want together, see <see cref="Combine"/>.
/// </summary>
internal sealed record ReleaseRequest
{
    /// <summary>
    /// Bytes that the caller let go and believes dead: what it evicted since <see cref="Baseline"/>, or, without one,
    /// what it evicted that no collection has seen yet. Requests that share a run are added up, so no byte may be
    /// named twice.
    /// </summary>
    public required long ExpectedBytes { get; init; }

    /// <summary>
    /// How: full, unless every caller of a run is content with a gentle one. None where no caller waits any more.
    /// </summary>
    public ReleaseMode Mode { get; init; } = ReleaseMode.Full;

    /// <summary>Whether the native allocator may be asked for its free memory too.</summary>
    public bool TrimNative { get; init; }

    /// <summary>
    /// Whether a person or a program asked for exactly this: it runs whatever the gain, and is never put off.
    /// </summary>
    public bool Forced { get; init; }

    /// <summary>Whether it was put off before, and its time has come: it runs whatever the gain.</summary>
    public bool WasDeferred { get; init; }

    /// <summary>
    /// The process before the first byte of <see cref="ExpectedBytes"/> was let go. With it the result can tell bytes
    /// that are still alive from bytes that other collections had already taken; without it the benefit of the doubt
    /// is given.
    /// </summary>
    public ProcessMemorySnapshot? Baseline { get; init; }

    /// <summary>
    /// Waits, no longer than it is told, for what still refers to dead bytes (eviction callbacks), and says whether
    /// that finished. Runs before the collection, on a thread of the releaser's; may throw.
    /// </summary>
    public Func<TimeSpan, bool>? WaitForCallbacks { get; init; }

    /// <summary>
    /// Asks the caches of the process for their share of the memory, when the release is over, so that live objects
    /// outside them can be told. Null where no caller wants to know. Must not throw.
    /// </summary>
    public Func<CacheShare>? ReadCaches { get; init; }

    /// <summary>
    /// What is left of the request when its caller no longer waits: its bytes, which are dead all the same.
    /// </summary>
    public ReleaseRequest WithoutCaller() => this with { Mode = ReleaseMode.None, Forced = false, TrimNative = false };

    /// <summary>Both requests as one: the bytes of both, and the strongest of their wishes.</summary>
    public ReleaseRequest Combine(ReleaseRequest other) => new()
    {
        ExpectedBytes = AddSaturating(ExpectedBytes, other.ExpectedBytes),
        Mode = Mode > other.Mode ? Mode : other.Mode,
        TrimNative = TrimNative || other.TrimNative,
        Forced = Forced || other.Forced,
        WasDeferred = WasDeferred || other.WasDeferred,
        Baseline = Fuller(Baseline, other.Baseline),
        ReadCaches = ReadCaches ?? other.ReadCaches,
    };

    /// <summary>The sum of two numbers of bytes, where less than none counts as none.</summary>
    public static long AddSaturating(long one, long other)
    {
        (one, other) = (Math.Max(0, one), Math.Max(0, other));
        return one > long.MaxValue - other ? long.MaxValue : one + other;
    }

    private static ProcessMemorySnapshot? Fuller(ProcessMemorySnapshot? one, ProcessMemorySnapshot? other) =>
        other is null || (one is not null && one.AllocatedBytes >= other.AllocatedBytes) ? one : other;
}
