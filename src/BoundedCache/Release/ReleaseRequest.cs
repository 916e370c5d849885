using BoundedCache.Engine;
using BoundedCache.Report;

namespace BoundedCache.Release;

/// <summary>What one caller wants of a release, or several callers together: see <see cref="Combine"/>.</summary>
internal sealed record ReleaseRequest
{
    /// <summary>
    /// Bytes that the caller freed and believes dead: what it evicted since <see cref="Baseline"/>, or, without one,
    /// what it evicted that no collection has seen yet. Requests that share a run are added up, so each byte must be
    /// counted once.
    /// </summary>
    public required long ExpectedBytes { get; init; }

    /// <summary>
    /// The mode: full, unless every caller of a run accepts a gentle one. None where no caller waits any more.
    /// </summary>
    public ReleaseMode Mode { get; init; } = ReleaseMode.Full;

    /// <summary>Whether the native allocator may be asked for its free memory too.</summary>
    public bool TrimNative { get; init; }

    /// <summary>
    /// Whether a caller asked for exactly this release: it runs whatever the gain, and is never deferred.
    /// </summary>
    public bool Forced { get; init; }

    /// <summary>
    /// Whether much more than <see cref="ExpectedBytes"/> may be dead, because what left was not known in full: it
    /// runs whatever gain is expected, but may be put off.
    /// </summary>
    public bool IsGainUnknown { get; init; }

    /// <summary>Whether it is one that was owed: it runs whatever the gain.</summary>
    public bool WasDeferred { get; init; }

    /// <summary>
    /// The process before the first of the <see cref="ExpectedBytes"/> was freed. With it the result can tell bytes
    /// that are still alive from bytes that other collections had already taken. Without it no bytes count as alive.
    /// </summary>
    public ProcessMemorySnapshot? Baseline { get; init; }

    /// <summary>
    /// Of <see cref="ExpectedBytes"/>, what was not freed since the <see cref="Baseline"/>, but before it: a collection
    /// may have taken it since. Without a baseline it says nothing.
    /// </summary>
    public long OlderBytes { get; init; }

    /// <summary>
    /// Some of the values that were let go, held weakly, to see whether they are still alive; null where none were
    /// taken.
    /// </summary>
    public EvictedSample? Evicted { get; init; }

    /// <summary>
    /// Waits, no longer than its argument, for code that still refers to dead bytes (eviction callbacks). Returns
    /// whether that code finished. Runs before the collection, on a thread of the releaser; may throw. Called with zero
    /// it must return at once: so the releaser looks whether a release is owed. It must not hold the bytes.
    /// </summary>
    public Func<TimeSpan, bool>? WaitForCallbacks { get; init; }

    /// <summary>
    /// Whether the caller is such code itself: it is not waited for, and the release is owed until it ended.
    /// </summary>
    public bool IsInCallback { get; init; }

    /// <summary>
    /// Whether the release follows by itself where it cannot do its job at once. Otherwise it is left at that.
    /// </summary>
    public bool IsOwed { get; init; } = true;

    /// <summary>Whether it is owed also to a caller that stopped waiting: a limit was lowered.</summary>
    public bool OutlivesCaller { get; init; }

    /// <summary>
    /// Who is told of a release that was owed, and of one whose caller had stopped waiting; null for nobody.
    /// </summary>
    public IReleaseObserver? Observer { get; init; }

    /// <summary>
    /// Asks the caches of the process for their share of the memory after the release, so that live objects outside
    /// them can be reported. Null where no caller needs it. Must not throw.
    /// </summary>
    public Func<CacheShare>? ReadCaches { get; init; }

    /// <summary>
    /// The request after its caller stopped waiting. Unless it outlives the caller, only its bytes remain, which are
    /// dead all the same.
    /// </summary>
    public ReleaseRequest WithoutCaller() => OutlivesCaller
        ? this
        : this with { Mode = ReleaseMode.None, Forced = false, TrimNative = false, IsOwed = false };

    /// <summary>The same with bytes of earlier requests, which did not run or did not bring them.</summary>
    public ReleaseRequest WithOlder(long bytes) => this with
    {
        ExpectedBytes = AddSaturating(ExpectedBytes, bytes),
        OlderBytes = AddSaturating(OlderBytes, bytes),
    };

    /// <summary>
    /// Both requests as one: the bytes of both, and the stronger of their wishes. What is owed to whom stays behind.
    /// </summary>
    public ReleaseRequest Combine(ReleaseRequest other) => new()
    {
        ExpectedBytes = AddSaturating(ExpectedBytes, other.ExpectedBytes),
        Mode = Mode > other.Mode ? Mode : other.Mode,
        TrimNative = TrimNative || other.TrimNative,
        Forced = Forced || other.Forced,
        IsGainUnknown = IsGainUnknown || other.IsGainUnknown,
        WasDeferred = WasDeferred || other.WasDeferred,
        OlderBytes = AddSaturating(WithoutBaseline(this), WithoutBaseline(other)),
        Baseline = Fuller(Baseline, other.Baseline),
        Evicted = EvictedSample.Combine(Evicted, other.Evicted),
        ReadCaches = ReadCaches ?? other.ReadCaches,
        IsOwed = IsOwed || other.IsOwed,
    };

    /// <summary>The sum of two numbers of bytes; a negative number counts as 0.</summary>
    public static long AddSaturating(long one, long other)
    {
        (one, other) = (Math.Max(0, one), Math.Max(0, other));
        return one > long.MaxValue - other ? long.MaxValue : one + other;
    }

    private static long WithoutBaseline(ReleaseRequest request) =>
        request.Baseline is null ? request.ExpectedBytes : request.OlderBytes;

    private static ProcessMemorySnapshot? Fuller(ProcessMemorySnapshot? one, ProcessMemorySnapshot? other) =>
        other is null || (one is not null && one.AllocatedBytes >= other.AllocatedBytes) ? one : other;
}
