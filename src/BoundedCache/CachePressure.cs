using System.Globalization;

namespace BoundedCache;

/// <summary>A limit on memory before which caches yield.</summary>
public enum MemoryPressureKind
{
    /// <summary>The container's limit, or that of a control group around it. The kernel ends processes at it.</summary>
    Container = 0,

    /// <summary>The managed heap's hard limit. The runtime ends the process at it.</summary>
    Heap = 1,

    /// <summary>The heap's hard limit for small objects (<c>GCHeapHardLimitSOH</c>).</summary>
    SmallObjects = 2,

    /// <summary>The heap's hard limit for large objects (<c>GCHeapHardLimitLOH</c>).</summary>
    LargeObjects = 3,

    /// <summary>The heap's hard limit for objects that were allocated pinned (<c>GCHeapHardLimitPOH</c>).</summary>
    PinnedObjects = 4,

    /// <summary>
    /// The machine's memory, where <see cref="BoundedMemoryCacheOptions.YieldToMachinePressure"/> is set.
    /// </summary>
    Machine = 5,
}

/// <summary>Why a cache has less than its limit at the moment, how much less, and since when.</summary>
public sealed record CachePressure
{
    /// <summary>The limit of the process that was near when the cache last yielded.</summary>
    public MemoryPressureKind Kind { get; init; }

    /// <summary>That limit, in bytes.</summary>
    public long LimitBytes { get; init; }

    /// <summary>What was used of it then, in bytes.</summary>
    public long UsedBytes { get; init; }

    /// <summary>
    /// Bytes that the cache gives up now: <see cref="CacheSnapshot.MaxMemory"/> less
    /// <see cref="CacheSnapshot.EffectiveMaxMemory"/>.
    /// </summary>
    public long YieldedBytes { get; init; }

    /// <summary>When it began to yield.</summary>
    public DateTimeOffset Since { get; init; }

    /// <summary>
    /// Whether yielding has stopped because it did not help: what was evicted did not leave the process. It is tried
    /// again after a while.
    /// </summary>
    public bool IsStopped { get; init; }

    /// <summary>The pressure in one sentence for people and logs.</summary>
    /// <returns>One sentence, in the invariant culture.</returns>
    public override string ToString()
    {
        string limit = Kind switch
        {
            MemoryPressureKind.Container => "the container's limit",
            MemoryPressureKind.Heap => "the managed heap's hard limit",
            MemoryPressureKind.SmallObjects => "the heap's hard limit for small objects",
            MemoryPressureKind.LargeObjects => "the heap's hard limit for large objects",
            MemoryPressureKind.PinnedObjects => "the heap's hard limit for pinned objects",
            _ => "the machine's memory",
        };
        string stopped = IsStopped ? " It yields no more for now, because yielding did not help." : "";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"It yields {ByteSize.Format(YieldedBytes)}: of {limit}, {ByteSize.Format(LimitBytes)}, "
                + $"{ByteSize.Format(UsedBytes)} were in use. It began to yield at {Since:u}.{stopped}");
    }
}
