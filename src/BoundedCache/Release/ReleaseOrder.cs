using BoundedCache.Report;

namespace BoundedCache.Release;

/// <summary>What the requests of one batch come to.</summary>
internal readonly record struct ReleaseOrder
{
    /// <summary>Bytes that the callers believe dead, all together.</summary>
    public long ExpectedBytes { get; init; }

    /// <summary>Whether any caller that still waits asked for a full release.</summary>
    public bool IsFull { get; init; }

    /// <summary>Whether any caller that still waits allows the native allocator to be asked.</summary>
    public bool TrimNative { get; init; }

    /// <summary>Whether any caller that still waits asked for a run whatever the gain.</summary>
    public bool Forced { get; init; }

    /// <summary>Whether it was put off before, and its time has come.</summary>
    public bool WasDeferred { get; init; }

    /// <summary>Whether any caller still waits.</summary>
    public bool Wanted { get; init; }

    /// <summary>Whether every caller's callbacks finished in time.</summary>
    public bool CallbacksFinished { get; init; }

    /// <summary>The fullest of the callers' baselines, if there are any.</summary>
    public ProcessMemorySnapshot? Baseline { get; init; }

    /// <summary>Asks the caches for their share of the memory; null where no caller wants to know.</summary>
    public Func<CacheShare>? ReadCaches { get; init; }
}
