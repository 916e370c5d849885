using System.Runtime.CompilerServices;

namespace BoundedCache.Pacing;

/// <summary>What memory pressure needs of a cache of any kind. Thread-safe; no member runs user code.</summary>
internal interface IYieldingCache
{
    /// <summary>The limit that was set, in bytes.</summary>
    long MaxMemory { get; }

    /// <summary>Bytes in the cache.</summary>
    long UsedMemory { get; }

    /// <summary>Whether its bytes are native memory: they take nothing of a limit of the managed heap.</summary>
    bool IsNative { get; }

    /// <summary>
    /// Bytes that ever came into the cache, those too by which entries were found to have grown. Never falls.
    /// </summary>
    long CameBytes { get; }

    /// <summary>Bytes of the managed heap that ever left the cache; 0 for a cache in native memory.</summary>
    long CreditedBytes { get; }

    /// <summary>Whether it also yields when the machine runs short.</summary>
    bool YieldsToMachine { get; }

    /// <summary>The share of a limit that is kept free for this cache's sake.</summary>
    double Reserve { get; }

    /// <summary>What pressure leaves the cache, in bytes: at least 1, at most <see cref="MaxMemory"/>.</summary>
    /// <param name="limitBytes">The limit that is near: a cache may have a limit that is far above it.</param>
    long MinMemoryUnder(long limitBytes);

    /// <summary>
    /// Sets what the cache may have; <see cref="long.MaxValue"/> for its whole limit. New entries obey it at once.
    /// Evicts nothing.
    /// </summary>
    /// <param name="capBytes">What it may have.</param>
    /// <param name="limitBytes">The limit that is near; <see cref="long.MaxValue"/> for none.</param>
    void SetCap(long capBytes, long limitBytes);

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

    /// <summary>The same in a new cache, and then doubled: many caches may each stay small.</summary>
    private const long FirstLookBytes = 64 * 1024;

    private long _nextLook = FirstLookBytes;
    private long _cameSeen;
    private long _creditedSeen;
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

    /// <summary>The same, for others to read: null too where a limit set by hand is no more than the cap.</summary>
    public CachePressure? Yielding => Pressure is { YieldedBytes: > 0 } pressure ? pressure : null;

    /// <summary>The limit that holds.</summary>
    public long EffectiveBytes => Math.Min(
        cache.MaxMemory,
        Math.Max(cache.MinMemoryUnder(Volatile.Read(ref _pressure)?.LimitBytes ?? long.MaxValue), CapBytes));

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
            OnCame(cameBytes);
        }
    }

    /// <summary>The cache is disposed.</summary>
    public void Leave() => owner.Leave(this);

    /// <summary>Bytes of the managed heap that came and left since the last call. One caller at a time.</summary>
    public (long Came, long Credited) TakeChange() => TakeChange(cache.CreditedBytes);

    /// <summary>The same for the last time: what is in the cache leaves with it.</summary>
    public (long Came, long Credited) TakeLastChange() => TakeChange(cache.CreditedBytes + cache.UsedMemory);

    /// <summary>Sets what the cache may have, and why. One caller at a time.</summary>
    public void Set(long capBytes, CachePressure? pressure)
    {
        Volatile.Write(ref _cap, capBytes);
        Volatile.Write(ref _pressure, pressure);
        cache.SetCap(capBytes, pressure?.LimitBytes ?? long.MaxValue);
    }

    private void OnCame(long cameBytes)
    {
        long step = Math.Clamp(cameBytes, FirstLookBytes, LookEveryBytes);
        Volatile.Write(ref _nextLook, cameBytes + step);
        owner.OnCame(step);
    }

    private (long Came, long Credited) TakeChange(long credited)
    {
        if (cache.IsNative)
        {
            return (0, 0);
        }

        // Two sums that are read one after the other may together be too small for a moment.
        (long cameBefore, long creditedBefore) = (_cameSeen, _creditedSeen);
        _cameSeen = Math.Max(cameBefore, cache.CameBytes);
        _creditedSeen = Math.Max(creditedBefore, credited);
        return (_cameSeen - cameBefore, _creditedSeen - creditedBefore);
    }
}
