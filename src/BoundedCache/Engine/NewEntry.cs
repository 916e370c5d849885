using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Engine;

/// <summary>An entry ready to be stored, with its charge.</summary>
internal readonly struct NewEntry
{
    public required object Key { get; init; }

    /// <summary>The value, also if there are <see cref="Details"/>, which hold it.</summary>
    public required object? Value { get; init; }

    public required EntryDetails? Details { get; init; }

    public required CacheItemPriority Priority { get; init; }

    /// <summary>Bytes charged.</summary>
    public required long Charge { get; init; }

    /// <summary>
    /// UTC ticks from which on readers must check before they take the value; <see cref="long.MaxValue"/> for an entry
    /// that does not expire.
    /// </summary>
    public required long Deadline { get; init; }

    /// <summary>The pending store that this entry is the result of; null for any other write.</summary>
    public PendingStore? Pending { get; init; }

    /// <summary>What background measurements must know of the entry; by default that it cannot change.</summary>
    public EntryMarks Marks { get; init; }

    /// <summary>Whether the value is not finished, so that its bytes are not known.</summary>
    public bool IsUnfinished { get; init; }

    /// <summary>Whether the caller counts the entry among those that hold its value.</summary>
    public bool IsWatched { get; init; }

    public object? Content => Details ?? Value;

    public SlotFlags Flags => (Details is null ? SlotFlags.None : SlotFlags.HasDetails)
        | (Deadline == long.MaxValue ? SlotFlags.None : SlotFlags.HasDeadline)
        | (IsUnfinished ? SlotFlags.Unfinished : SlotFlags.None);
}
