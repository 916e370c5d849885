using System.Diagnostics.Metrics;
using BoundedCache.Bytes;
using BoundedCache.Diagnostics;
using BoundedCache.Entries;

namespace BoundedCache;

/// <summary>Statistics, metrics and log events.</summary>
public sealed partial class BoundedByteCache
{
    private readonly CacheCounters _counters = new();
    private readonly bool _trackStatistics;
    private CacheInstruments? _instruments;
    private ObservedCache? _observed;

    /// <summary>
    /// Takes a snapshot of what the cache holds and of what happened in it since it was made. It blocks writers very
    /// briefly, and readers not at all. Also works on a disposed cache.
    /// </summary>
    /// <returns>
    /// The cache now. Entries that left are counted with the bytes of their blocks, which together are less than
    /// <see cref="CacheSnapshot.UsedMemory"/> counts.
    /// </returns>
    public CacheSnapshot GetSnapshot()
    {
        ByteTotals totals = _engine.ReadTotals();
        bool hasLookups = _engine.CountsLookups;
        long max = MaxMemory;
        CachePressure? pressure = _pressure?.Yielding;
        return new CacheSnapshot
        {
            Name = Name,
            MaxMemory = max,

            // The engine's limit is read before the other: while the limit is being changed it may be the old one.
            EffectiveMaxMemory = pressure is null ? max : Math.Min(max, totals.LimitBytes),
            EvictionPolicy = _engine.Policy,
            Pressure = pressure,
            Yields = Volatile.Read(ref _yields),
            UsedMemory = totals.UsedBytes,
            Count = totals.Count,
            Hits = hasLookups ? _engine.Lookups.Hits : null,
            Misses = hasLookups ? _engine.Lookups.Misses : null,
            Insertions = totals.Insertions,
            Evictions = new EvictionTotals
            {
                Capacity = totals.RemovedBy(ByteRemoval.Capacity),
                Shrink = totals.RemovedBy(ByteRemoval.Shrink),
                Compact = totals.RemovedBy(ByteRemoval.Compact),
                Expired = totals.RemovedBy(ByteRemoval.Expired),
                Removed = totals.RemovedBy(ByteRemoval.Removed),
                Replaced = totals.RemovedBy(ByteRemoval.Replaced),
            },
            RefusedTooLarge = _engine.Refused,
            RefusedExpired = _counters.RefusedExpired,
            Shrinks = _counters.Shrinks,
            ReleasedBytes = _counters.ReleasedBytes,
            LastReport = _counters.LastReport,
            LostTouches = _engine.LostTouches,
            TableBytes = totals.TableBytes,
        };
    }

    /// <inheritdoc/>
    bool ILiveCache.IsMeasured => true;

    /// <inheritdoc/>
    EvictionPolicy ILiveCache.EvictionPolicy => _engine.Policy;

    /// <summary>What the policy remembers of evicted entries.</summary>
    long ILiveCache.UsedMemory => _engine.ManagedBytes;

    /// <inheritdoc/>
    long ILiveCache.NativeBytes => _engine.NativeBytes;

    /// <summary>Nothing of the managed heap.</summary>
    long ILiveCache.LimitBytes => 0;

    /// <inheritdoc/>
    long ILiveCache.NativeLimitBytes => _engine.IsDisposed ? 0 : MaxMemory;

    /// <inheritdoc/>
    long ILiveCache.OverdueBytes => 0;

    /// <summary>What left leaves no dead objects.</summary>
    long ILiveCache.CreditedBytes => 0;

    /// <inheritdoc/>
    AuditTotals ILiveCache.AuditTotals => default;

    /// <inheritdoc/>
    Reexamination ILiveCache.Reexamine(TimeSpan budget) => default;

    /// <inheritdoc/>
    void IObservedCache.CountLookups() => CountLookups();

    private void CountLookups()
    {
        _engine.CountsLookups = true;
        _engine.Lookups.Start();
    }

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

        if (_instruments.WantsRequests)
        {
            CountLookups();
        }
    }

    private void Unpublish()
    {
        if (_observed is not null)
        {
            _instruments!.Caches.Remove(_observed);

            // Held weakly there: collected meanwhile, its last numbers would be lost.
            GC.KeepAlive(this);
        }
    }

    /// <summary>Warns where container or machine cannot hold the limits of all caches of this process.</summary>
    /// <returns>The warning, or nothing.</returns>
    private IReadOnlyList<string> CheckRoom()
    {
        if (LiveCaches.CheckLimit(this, MaxMemory) is not { } finding)
        {
            return [];
        }

        Log.HeapLimit(_logger, Name, MaxMemory, finding);
        return [finding.ToString()];
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
}
