using System.Diagnostics;
using BoundedCache.Diagnostics;
using BoundedCache.Pacing;
using BoundedCache.Process;

namespace BoundedCache;

/// <summary>The cache's part in memory pressure: what it yields, and the limit that holds.</summary>
public sealed partial class BoundedMemoryCache : IYieldingCache
{
    /// <summary>Guards the two limits and the engine's, which is the smaller one.</summary>
    private readonly Lock _limits = new();

    private readonly long? _minMemory;
    private readonly PressureMember? _pressure;
    private LogThrottle? _yieldLog;
    private bool _yieldsToMachine;
    private double _reserve;
    private long _maxMemory;
    private long _cap = long.MaxValue;
    private long _nearLimit = long.MaxValue;
    private long _yields;

    bool IYieldingCache.IsNative => false;

    long IYieldingCache.CameBytes => _engine.CameBytes;

    long IYieldingCache.CreditedBytes => _engine.CreditedBytes;

    bool IYieldingCache.YieldsToMachine => _yieldsToMachine;

    double IYieldingCache.Reserve => _reserve;

    /// <inheritdoc/>
    CachePressure? Entries.ILiveCache.Pressure => _pressure?.Yielding;

    long IYieldingCache.MinMemoryUnder(long limitBytes) => MinMemoryOf(MaxMemory, limitBytes);

    void IYieldingCache.SetCap(long capBytes, long limitBytes)
    {
        // On a writer's thread, whose entry is stored already.
        using (_limits.EnterAlways())
        {
            _yields += capBytes < _cap ? 1 : 0;
            _nearLimit = limitBytes;
            SetLimits_NeedsLock(MaxMemory, capBytes);
        }
    }

    long IYieldingCache.EvictDownToLimit()
    {
        if (_disposed)
        {
            return 0;
        }

        long bytes = _engine.EvictDownToLimit().Bytes;
        _engine.Trim();
        Pace();
        return bytes;
    }

    void IYieldingCache.OnPressure(PressureEvent change, CachePressure pressure)
    {
        switch (change)
        {
            case PressureEvent.Yielded:
                if (_yieldLog!.TryPass(typeof(CachePressure), out _))
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

    private PressureMember? JoinPressure(BoundedMemoryCacheOptions options, MemoryPressure? pressure)
    {
        _yieldsToMachine = options.YieldToMachinePressure;
        _reserve = options.MemoryReserve;
        _yieldLog = new LogThrottle(_time);

        // Declared sizes may be in any unit, so nothing is known of what evicting brings.
        return options.YieldToMemoryPressure && IsMeasured ? pressure?.Join(this) : null;
    }

    private void LeavePressure() => _pressure?.Leave();

    /// <returns>The limit before.</returns>
    private long SetLimits(long maxMemory)
    {
        lock (_limits)
        {
            long old = MaxMemory;
            SetLimits_NeedsLock(maxMemory, _cap);
            return old;
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
        Debug.Assert(_limits.IsHeldByCurrentThread);
        _cap = capBytes;
        long limit = Math.Min(maxMemory, Math.Max(MinMemoryOf(maxMemory, _nearLimit), capBytes));
        if (maxMemory < MaxMemory)
        {
            // The limit that is told is never lower than the one that entries obey.
            _engine.SetMaxBytes(limit);
            Volatile.Write(ref _maxMemory, maxMemory);
            return;
        }

        Volatile.Write(ref _maxMemory, maxMemory);
        _engine.SetMaxBytes(limit);
    }
}
