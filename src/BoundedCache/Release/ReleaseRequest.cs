using BoundedCache.Report;

namespace BoundedCache.Release;

/// <summary>One caller's wish that the process give memory back to the operating system.</summary>
internal sealed record ReleaseRequest
{
    /// <summary>
    /// Bytes that the caller let go and believes dead: what it evicted since <see cref="Baseline"/>, or,
    /// without one, what it evicted that no collection has seen yet. Requests that share a run are added up, so
    /// no byte may be named twice.
    /// </summary>
    public required long ExpectedBytes { get; init; }

    /// <summary>How: full, unless every caller of a run is content with a gentle one.</summary>
    public ReleaseMode Mode { get; init; } = ReleaseMode.Full;

    /// <summary>Whether the native allocator may be asked for its free memory too.</summary>
    public bool TrimNative { get; init; }

    /// <summary>
    /// Whether a person or a program asked for exactly this, so that a small gain is no reason not to.
    /// </summary>
    public bool Forced { get; init; }

    /// <summary>
    /// The process before the first byte of <see cref="ExpectedBytes"/> was let go. With it the result can
    /// tell bytes that are still alive from bytes that other collections had already taken; without it the
    /// benefit of the doubt is given.
    /// </summary>
    public ProcessMemorySnapshot? Baseline { get; init; }

    /// <summary>
    /// Waits, no longer than it is told, for what still refers to dead bytes (eviction callbacks), and says whether
    /// that finished. Runs before the collection, on a thread of the releaser's; may throw.
    /// </summary>
    public Func<TimeSpan, bool>? WaitForCallbacks { get; init; }

    /// <summary>
    /// Asks the caches of the process for their share of the memory, when the release is over, so that live objects
    /// outside them can be told. Null where nobody wants to know. Must not throw.
    /// </summary>
    public Func<CacheShare>? ReadCaches { get; init; }
}
