using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Engine;

/// <summary>An entry ready to be stored: measured, and its charge from here on frozen.</summary>
internal readonly struct NewEntry
{
    public required object Key { get; init; }

    /// <summary>The value; not looked at where there are <see cref="Details"/>, which hold it.</summary>
    public required object? Value { get; init; }

    public required EntryDetails? Details { get; init; }

    public required CacheItemPriority Priority { get; init; }

    /// <summary>Bytes charged.</summary>
    public required long Charge { get; init; }

    /// <summary>
    /// UTC ticks from which on readers must ask before they take the value; <see cref="long.MaxValue"/> for an
    /// entry that does not expire.
    /// </summary>
    public required long Deadline { get; init; }

    public object? Content => Details ?? Value;

    public SlotFlags Flags => (Details is null ? SlotFlags.None : SlotFlags.HasDetails)
        | (Deadline == long.MaxValue ? SlotFlags.None : SlotFlags.HasDeadline);
}
