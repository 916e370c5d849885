using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Engine;

/// <summary>
/// The order in which entries are evicted: what the rest of the engine needs to know of a policy. All of it under the
/// engine's lock. Readers note their uses elsewhere: in a <see cref="TouchLog"/> or in <see cref="Slot.Mark"/>.
/// </summary>
/// <remarks>
/// An entry is added once, when it is stored, and removed once, when it leaves. Policies keep lists through
/// <see cref="OrderNode.Newer"/> and <see cref="OrderNode.Older"/>, one set of lists a priority.
/// </remarks>
internal abstract class EvictionOrder
{
    /// <summary>No entry.</summary>
    public const int None = -1;

    /// <summary>How many priorities there are; <see cref="CacheItemPriority.NeverRemove"/> is the last.</summary>
    public const int Priorities = (int)CacheItemPriority.NeverRemove + 1;

    /// <summary>Bytes of the policy's own memory that grow with the number of entries.</summary>
    public abstract long Bytes { get; }

    /// <summary>Adds an entry whose slot and node are written, as the latest one.</summary>
    /// <param name="index">The entry's slot.</param>
    /// <param name="returned">What <see cref="TakeReturned"/> answered for its key.</param>
    public abstract void Add(int index, bool returned);

    /// <summary>Takes an entry out of its list.</summary>
    public abstract void Remove(int index);

    /// <summary>Notes a use of an entry that was replaced.</summary>
    public abstract void Use(int index);

    /// <summary>Changes the charge and the priority of an entry that stays, in its node and in the lists.</summary>
    public abstract void UpdateCharge(int index, long charge, CacheItemPriority priority);

    /// <summary>Puts an entry whose slot and node were copied at the position of the original.</summary>
    public abstract void Relocate(int from, int to);

    /// <summary>The entry to evict next among priorities up to a highest one, or <see cref="None"/>.</summary>
    /// <param name="highest">The highest priority to evict.</param>
    /// <param name="spared">An entry that is not evicted, or <see cref="None"/>.</param>
    /// <param name="steps">
    /// Is lowered by the entries that were looked at; bounded for each victim, whatever the number was.
    /// </param>
    public abstract int NextVictim(CacheItemPriority highest, int spared, ref int steps);

    /// <summary>An entry that is last in some list of the lowest priority, whatever its uses.</summary>
    public abstract int Last(CacheItemPriority highest);

    /// <summary>
    /// Copies entries that are likely to be evicted next, at most as many as have <paramref name="bytes"/> together.
    /// Copies none where one is enough.
    /// </summary>
    /// <returns>How many were copied.</returns>
    public abstract int Foresee(Span<int> victims, long bytes, CacheItemPriority highest);

    /// <summary>
    /// Loads the memory that moving or removing these entries will need, all at once, so that the cache misses overlap.
    /// Relies on nothing that it reads, so it may also be called without the lock.
    /// </summary>
    public abstract int Prefetch(ReadOnlySpan<int> indexes);

    /// <summary>Remembers an entry that is about to be removed for lack of room.</summary>
    /// <param name="index">The entry.</param>
    /// <param name="capacity">The limit.</param>
    public abstract void NoteEvicted(int index, long capacity);

    /// <summary>
    /// Whether a key that is about to be stored was evicted a short while ago. It is forgotten, so ask once.
    /// </summary>
    /// <param name="hash">The key's hash.</param>
    /// <param name="charge">The new entry's charge.</param>
    /// <param name="capacity">The limit.</param>
    public abstract bool TakeReturned(int hash, long charge, long capacity);

    /// <summary>
    /// Makes room for what is remembered of a number of entries. May throw for lack of memory, and then changes
    /// nothing.
    /// </summary>
    public abstract void GrowFor(int entries);

    /// <summary>Gives up memory that a number of entries does not need: all of it, or only when it is much.</summary>
    public abstract void Shrink(int entries, bool all);

    /// <summary>All lists, for the invariant checker.</summary>
    public abstract IEnumerable<OrderedList> Lists();

    /// <summary>Checks what only the policy knows, after the lists themselves; null where it holds.</summary>
    public abstract string? FindFault();
}

/// <summary>A list of entries from the newest (head) to the oldest (tail).</summary>
internal readonly record struct OrderedList(CacheItemPriority Priority, bool IsMain, int Class, int Head, int Tail);
