using System.Runtime.CompilerServices;

namespace BoundedCache.Pacing;

/// <summary>What memory pressure needs of a cache of any kind. Thread-safe; no member runs user code.</summary>
internal interface IYieldingCache
{
    /// <summary>The limit that was set, in bytes.</summary>
    long MaxMemory { get; }

    /// <summary>What pressure leaves the cache, in bytes: at least 1, at most <see cref="MaxMemory"/>.</summary>
    long MinMemory { get; }

    /// <summary>Bytes in the cache.</summary>
    long UsedMemory { get; }

    /// <summary>Whether its bytes are native memory: they take nothing of a limit of the managed heap.</summary>
    bool IsNative { get; }

    /// <summary>Bytes of the managed heap that ever left the cache; 0 for a cache in native memory.</summary>
    long CreditedBytes { get; }

    /// <summary>Whether it also yields when the machine runs short.</summary>
    bool YieldsToMachine { get; }

    /// <summary>The share of a limit that is kept free for this cache's sake.</summary>
    double Reserve { get; }

    /// <summary>
    /// Sets what the cache may have; <see cref="long.MaxValue"/> for its whole limit. New entries obey it at once.
    /// Evicts nothing.
    /// </summary>
    void SetCap(long capBytes);

    /// <summary>Evicts down to the limit that holds.</summary>
    /// <returns>Bytes evicted.</returns>
    long EvictDownToLimit();

    /// <summary>Logs what happened to the cache.</summary>
    void OnPressure(PressureEvent change, CachePressure pressure);
}

/// <summary>What happened to a cache under memory pressure.</summary>
internal enum PressureEvent
{
    /// <summary>Its limit fell.</summary>
    Yielded,

    /// <summary>It has its whole limit again.</summary>
    Ended,

    /// <summary>Yielding did not help, and rests.</summary>
    Stopped,
}

/// <summary>
/// A cache's part in <see cref="MemoryPressure"/>. The cache holds it, and memory pressure holds it weakly.
/// </summary>
internal sealed class PressureMember(MemoryPressure owner, IYieldingCache cache)
{
    /// <summary>Bytes that come into one cache before the limits are looked at.</summary>
    public const long LookEveryBytes = 2 * 1024 * 1024;

    private long _nextLook = LookEveryBytes;
    private long _cap = long.MaxValue;
    private CachePressure? _pressure;

    /// <summary>The cache.</summary>
    public IYieldingCache Cache => cache;

    /// <summary>What the cache may have under pressure; <see cref="long.MaxValue"/> where it does not yield.</summary>
    public long CapBytes => Volatile.Read(ref _cap);

    /// <summary>Why it yields; null where it does not.</summary>
    public CachePressure? Pressure => Volatile.Read(ref _pressure) is { } pressure
        ? pressure with { YieldedBytes = Math.Max(0, cache.MaxMemory - EffectiveBytes) }
        : null;

    /// <summary>The limit that holds.</summary>
    public long EffectiveBytes => Math.Min(cache.MaxMemory, Math.Max(cache.MinMemory, CapBytes));

    /// <summary>Whether the cache gives up entries for a limit of this kind: whether that can help.</summary>
    public bool YieldsTo(MemoryPressureKind kind) => kind switch
    {
        MemoryPressureKind.Container => true,
        MemoryPressureKind.Machine => cache.YieldsToMachine,
        _ => !cache.IsNative,
    };

    /// <summary>Call it after a change. Looks at the limits when enough came in; otherwise it is cheap.</summary>
    /// <param name="cameBytes">Bytes that ever came into the cache.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Report(long cameBytes)
    {
        if (cameBytes >= Volatile.Read(ref _nextLook))
        {
            Volatile.Write(ref _nextLook, cameBytes + LookEveryBytes);
            owner.OnCame();
        }
    }

    /// <summary>The cache is disposed.</summary>
    public void Leave() => owner.Leave(this);

    /// <summary>Sets what the cache may have, and why. One caller at a time.</summary>
    public void Set(long capBytes, CachePressure? pressure)
    {
        Volatile.Write(ref _cap, capBytes);
        Volatile.Write(ref _pressure, pressure);
        cache.SetCap(capBytes);
    }
}
