using System.Diagnostics.Metrics;
using BoundedCache.Diagnostics;
using BoundedCache.Engine;
using BoundedCache.Entries;
using BoundedCache.Process;
using BoundedCache.Release;
using BoundedCache.Report;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache;

/// <summary>Statistics, metrics and log events.</summary>
public sealed partial class BoundedMemoryCache
{
    private readonly CacheCounters _counters = new();
    private CacheInstruments? _instruments;
    private ObservedCache? _observed;

    /// <summary>
    /// Where misses are counted; null while they are not wanted. Written without a lock: the next observation corrects
    /// a writer that turned it off wrongly.
    /// </summary>
    private LookupCounts? _lookups;

    /// <summary>Whether lookups were ever counted.</summary>
    private bool _hasLookups;

    /// <summary>
    /// Hits, misses, entries and accounted bytes; null unless
    /// <see cref="BoundedMemoryCacheOptions.TrackStatistics"/> is set.
    /// </summary>
    /// <returns>A snapshot, as MemoryCache takes it. <see cref="GetSnapshot"/> tells more.</returns>
    public MemoryCacheStatistics? GetCurrentStatistics() => !_trackStatistics ? null : new MemoryCacheStatistics
    {
        CurrentEntryCount = Count,
        CurrentEstimatedSize = UsedMemory,
        TotalHits = _engine.Lookups.Hits,
        TotalMisses = _engine.Lookups.Misses,
    };

    /// <summary>
    /// Takes a snapshot of what the cache holds and of what happened in it since it was made. It blocks writers very
    /// briefly, and readers not at all. Also works on a disposed cache.
    /// </summary>
    /// <returns>The cache now.</returns>
    public CacheSnapshot GetSnapshot()
    {
        EngineTotals totals = _engine.ReadTotals();
        bool hasLookups = Volatile.Read(ref _hasLookups);
        long max = MaxMemory;
        CachePressure? pressure = _pressure?.Yielding;
        AuditTotals audit = _audit?.Totals ?? default;
        return new CacheSnapshot
        {
            Name = Name,
            Sizing = _sizing,
            EvictionPolicy = _engine.Policy,
            MaxMemory = max,

            // The engine's limit is read before the other: while the limit is being raised it may still be the old one.
            EffectiveMaxMemory = pressure is null ? max : Math.Min(max, totals.MaxBytes),
            Pressure = pressure,
            Yields = Volatile.Read(ref _yields),
            UsedMemory = totals.UsedBytes,
            Count = totals.Count,
            Hits = hasLookups ? _engine.Lookups.Hits : null,
            Misses = hasLookups ? _engine.Lookups.Misses : null,
            Insertions = totals.Insertions,
            Evictions = totals.Evictions,
            RefusedTooLarge = _counters.RefusedTooLarge,
            RefusedExpired = _counters.RefusedExpired,
            EstimatedSizes = _measurer.EstimatedCount,
            UnfinishedEntries = audit.Unfinished,
            AuditedEntries = audit.Audited,
            ChangedEntries = audit.Changed,
            GrownBytes = audit.GrownBytes,
            UnchargedBytes = audit.UnchargedBytes,
            Shrinks = _counters.Shrinks,
            ReleasedBytes = _counters.ReleasedBytes,
            GCPause = _counters.GCPause,
            OverdueBytes = OverdueBytes,
            WriterWaits = _counters.WriterWaits,
            WriterWaitTime = _counters.WriterWaitTime,
            LastReport = _counters.LastReport,
            LostTouches = _engine.LostTouches,
            TableBytes = _engine.TableBytes,
        };
    }

    /// <inheritdoc/>
    void IObservedCache.CountLookups() => CountLookups();

    private void CountLookups()
    {
        Volatile.Write(ref _hasLookups, true);
        _engine.Lookups.Start();
        _lookups = _engine.Lookups;
    }

    /// <summary>Counts a run of the releaser that served this cache, unless another cache counted it already.</summary>
    internal void OnReleased(ReleaseResult release)
    {
        if (release.Outcome == ReleaseOutcome.NotRequested || !release.TryClaim())
        {
            return;
        }

        bool isKnown = !release.Before.IsResidentUnknown && !release.After.IsResidentUnknown;
        _counters.OnReleased(
            isKnown ? release.Before.ResidentBytes - release.After.ResidentBytes : 0, release.GCPause);
        if (release.GCPause > TimeSpan.Zero)
        {
            _instruments?.RecordPause(Name, release.GCPause);
        }
    }

    /// <summary>Makes the cache observable. The constructor calls it last.</summary>
    private void Publish(IMeterFactory? factory)
    {
        if (_trackStatistics)
        {
            CountLookups();
        }

        if (factory is null)
        {
            return;
        }

        _instruments = CacheInstruments.GetOrCreate(factory);
        _observed = _instruments.Caches.Add(this, out bool sharesName);
        if (sharesName)
        {
            Log.NameShared(_logger, Name);
        }

        // A listener that was there before the cache wants its first lookups too.
        if (_instruments.WantsRequests)
        {
            CountLookups();
        }
    }

    /// <summary>
    /// Stops counting lookups when no listener wants them any more. Writers call it; it costs them almost nothing.
    /// </summary>
    private void StopUnwantedCounting()
    {
        if (_lookups is not null && !_trackStatistics && _instruments is not { WantsRequests: true })
        {
            _lookups = null;
            _engine.Lookups.Stop();
        }
    }

    /// <summary>Ends the observation. Its last numbers are added to those of other caches with its name.</summary>
    private void Unpublish()
    {
        if (_observed is not null)
        {
            _instruments!.Caches.Remove(_observed);

            // Held weakly there: collected meanwhile, its last numbers would be lost.
            GC.KeepAlive(this);
        }
    }

    /// <summary>
    /// Warns where heap, container or machine cannot hold the limits of all caches of this process: the runtime or the
    /// kernel would end the process without a reason in the log.
    /// </summary>
    /// <returns>The warning; null where they can, or this cache does not count bytes.</returns>
    private MemoryReportFinding? CheckRoom()
    {
        MemoryReportFinding? finding = IsMeasured && HeapRoom.Read(_releaser.Memory) is { } room
            ? HeapRules.CheckLimit(room, LiveCaches.LimitBytes, LiveCaches.NativeLimitBytes)
            : null;
        if (finding is not null)
        {
            Log.HeapLimit(_logger, Name, MaxMemory, finding);
        }

        return finding;
    }

    private void OnReport(ShrinkReport report, bool isShrink)
    {
        _counters.OnReport(report);
        if (isShrink)
        {
            _instruments?.RecordShrink(report);
            Log.Shrunk(_logger, report);
        }
        else
        {
            Log.Released(_logger, report);
        }
    }

    private void OnOwedReport(ShrinkReport report, OwedEnd end)
    {
        if (_disposed)
        {
            return;
        }

        OnReleased(end.Result);
        _counters.OnReport(report);
        if (end.Left == ReleaseObstacle.None)
        {
            Log.OwedReleased(_logger, end.OwedFor.TotalSeconds, report);
        }
        else
        {
            Log.OwedReleaseGivenUp(_logger, end.Tries, report);
        }
    }

    /// <summary>Whether <see cref="UsedMemory"/> is in bytes, not in declared units.</summary>
    internal bool IsMeasured => _sizing == EntrySizing.Measured;

    /// <inheritdoc/>
    bool ILiveCache.IsMeasured => IsMeasured;

    /// <inheritdoc/>
    EvictionPolicy ILiveCache.EvictionPolicy => _engine.Policy;

    /// <inheritdoc/>
    long ILiveCache.LimitBytes => IsMeasured && !_disposed ? MaxMemory : 0;

    /// <inheritdoc/>
    long ILiveCache.OverdueBytes => OverdueBytes;

    /// <inheritdoc/>
    long ILiveCache.PendingBytes => IsMeasured ? _callbacks.PendingBytes : 0;

    /// <inheritdoc/>
    long ILiveCache.CreditedBytes => _engine.CreditedBytes;

    private long OverdueBytes => _pace is null ? 0 : _pacer.OverdueBytesOf(_pace);
}
