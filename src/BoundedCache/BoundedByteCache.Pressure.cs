using System.Diagnostics;
using BoundedCache.Diagnostics;
using BoundedCache.Entries;
using BoundedCache.Pacing;
using BoundedCache.Process;

namespace BoundedCache;

/// <summary>The cache's part in memory pressure: what it yields, and the limit that holds.</summary>
public sealed partial class BoundedByteCache : IYieldingCache
{
    private readonly long? _minMemory;
    private readonly PressureMember? _pressure;
    private readonly LogThrottle _yieldLog;
    private readonly bool _yieldsToMachine;
    private readonly double _reserve;
    private long _nearLimit = long.MaxValue;
    private long _yields;

    bool IYieldingCache.IsNative => true;

    long IYieldingCache.CameBytes => _engine.CameBytes;

    /// <summary>Nothing of the managed heap: evicting gives the memory back at once.</summary>
    long IYieldingCache.CreditedBytes => 0;

    bool IYieldingCache.YieldsToMachine => _yieldsToMachine;

    double IYieldingCache.Reserve => _reserve;

    /// <inheritdoc/>
    CachePressure? ILiveCache.Pressure => _pressure?.Yielding;

    long IYieldingCache.MinMemoryUnder(long limitBytes) => MinMemoryOf(MaxMemory, limitBytes);

    void IYieldingCache.SetCap(long capBytes, long limitBytes)
    {
        // On a writer's thread, whose entry is stored already.
        using (_lock.EnterAlways())
        {
            _yields += capBytes < _cap ? 1 : 0;
            _nearLimit = limitBytes;
            SetLimits_NeedsLock(_maxMemory, capBytes);
        }
    }

    long IYieldingCache.EvictDownToLimit() => _engine.EvictToLimit(out _).Bytes;

    void IYieldingCache.OnPressure(PressureEvent change, CachePressure pressure)
    {
        switch (change)
        {
            case PressureEvent.Yielded:
                if (_yieldLog.TryPass(typeof(CachePressure), out _))
                {
                    Log.Yielded(_logger, Name, MaxMemory, EffectiveMaxMemory, pressure);
                }

                break;
            case PressureEvent.Ended:
                Log.YieldingEnded(_logger, Name, MaxMemory);
                break;
            default:
                Log.YieldingStopped(_logger, Name, pressure);
                break;
        }
    }

    /// <summary>
    /// What pressure leaves the cache: by default an eighth of its limit, whatever that is now, or of the one that is
    /// near, where that is less.
    /// </summary>
    private long MinMemoryOf(long maxMemory, long nearLimit) => Math.Clamp(
        _minMemory ?? (Math.Min(maxMemory, nearLimit) / BoundedMemoryCacheOptions.MinMemoryPart), 1, maxMemory);

    private void SetLimits_NeedsLock(long maxMemory, long capBytes)
    {
        Debug.Assert(_lock.IsHeldByCurrentThread);
        _cap = capBytes;
        long limit = Math.Min(maxMemory, Math.Max(MinMemoryOf(maxMemory, _nearLimit), capBytes));
        if (maxMemory < MaxMemory)
        {
            // The limit that is told is never lower than the one that entries obey.
            _engine.SetLimit(limit);
            Volatile.Write(ref _maxMemory, maxMemory);
            return;
        }

        Volatile.Write(ref _maxMemory, maxMemory);
        _engine.SetLimit(limit);
    }

    private bool Report(bool isStored)
    {
        _pressure?.Report(_engine.CameBytes);
        return isStored;
    }
}
