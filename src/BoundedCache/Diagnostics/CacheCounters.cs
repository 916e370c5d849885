using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Diagnostics;

/// <summary>Counts of a cache's rare events: refusals, shrinks, releases. Thread-safe.</summary>
internal sealed class CacheCounters
{
    private long _refusedTooLarge;
    private long _refusedExpired;
    private long _shrinks;
    private long _releasedBytes;
    private long _pauseTicks;
    private long _waits;
    private long _waitTicks;
    private ShrinkReport? _lastReport;

    public long RefusedTooLarge => Interlocked.Read(ref _refusedTooLarge);

    public long RefusedExpired => Interlocked.Read(ref _refusedExpired);

    public long Shrinks => Interlocked.Read(ref _shrinks);

    public long ReleasedBytes => Interlocked.Read(ref _releasedBytes);

    public TimeSpan GCPause => TimeSpan.FromTicks(Interlocked.Read(ref _pauseTicks));

    public long WriterWaits => Interlocked.Read(ref _waits);

    public TimeSpan WriterWaitTime => TimeSpan.FromTicks(Interlocked.Read(ref _waitTicks));

    public ShrinkReport? LastReport => Volatile.Read(ref _lastReport);

    /// <summary>
    /// Counts an entry that was not stored: it did not fit, or it was expired already, by time or by a token.
    /// </summary>
    public void OnRefused(EvictionReason reason) =>
        Interlocked.Increment(ref reason == EvictionReason.Capacity ? ref _refusedTooLarge : ref _refusedExpired);

    /// <summary>
    /// Counts a shrink: the limit was set to its old value or less, and everything above it is evicted.
    /// </summary>
    public void OnShrunk() => Interlocked.Increment(ref _shrinks);

    /// <summary>Counts a run of the releaser. If the process grew instead, that counts as 0 bytes.</summary>
    public void OnReleased(long residentBytes, TimeSpan pause)
    {
        Interlocked.Add(ref _releasedBytes, Math.Max(0, residentBytes));
        Interlocked.Add(ref _pauseTicks, pause.Ticks);
    }

    /// <summary>Counts a write that waited for the collector.</summary>
    public void OnWaited(TimeSpan waited)
    {
        Interlocked.Increment(ref _waits);
        Interlocked.Add(ref _waitTicks, waited.Ticks);
    }

    /// <summary>
    /// Keeps the report as the last one, unless that is of an operation which began later: a release that was owed
    /// reports late.
    /// </summary>
    public void OnReport(ShrinkReport report)
    {
        ShrinkReport? last;
        do
        {
            last = LastReport;
        }
        while (!(last?.Started > report.Started)
            && !ReferenceEquals(Interlocked.CompareExchange(ref _lastReport, report, last), last));
    }
}
