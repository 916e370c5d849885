using System.Diagnostics;

namespace BoundedCache.Engine;

/// <summary>What background measurements need of the table: entries in the order of their slots, in batches.</summary>
internal sealed partial class CacheEngine
{
    /// <summary>Slots looked at in one hold of the lock.</summary>
    private const int AuditedSlots = 512;

    private readonly RareSizes _declared = new();
    private readonly RareSizes _sizedKeys = new();
    private int _unfinished;
    private int _changing;
    private int _hot;

    /// <summary>
    /// Called with the value, the key's hash code and the place of an unfinished entry that a reader found. Runs on the
    /// reader's thread, without the lock; must not throw, and must not wait.
    /// </summary>
    public Action<object?, int, SlotRef>? OnUnfinishedRead { get; set; }

    /// <summary>Entries whose value was not finished when it was last measured: their bytes are not known.</summary>
    public int UnfinishedCount => Volatile.Read(ref _unfinished);

    /// <summary>Entries whose value can change.</summary>
    public int ChangingCount => Volatile.Read(ref _changing);

    /// <summary>Entries whose value is of a type that was seen to change.</summary>
    public int HotCount => Volatile.Read(ref _hot);

    /// <summary>
    /// A number that rises with every store and removal and with uses. Marks do not count uses, so in the
    /// scan-resistant order it rises with the process's collections instead: a process that is busy makes some.
    /// </summary>
    public long Activity =>
        (_marks ? GC.CollectionCount(0) : _touches.Uses) + _account.Insertions + _account.CreditedBytes;

    /// <summary>
    /// Copies entries in the order of their slots. An entry that moves meanwhile may be copied
    /// twice or not at all.
    /// </summary>
    /// <param name="from">The slot to begin with: 0, or what the last call returned.</param>
    /// <param name="which">The entries to copy.</param>
    /// <param name="entries">Receives the entries.</param>
    /// <param name="most">The most entries to copy.</param>
    /// <returns>The slot to go on with; 0 at the end of the table.</returns>
    public int Read(int from, AuditedEntries which, List<AuditedEntry> entries, int most)
    {
        int index = Math.Max(from, SlotStore.ChunkSize);
        using (_lock.EnterAfterOthers())
        {
            for (int looked = 0; looked < AuditedSlots && entries.Count < most; looked++, index++)
            {
                int chunk = index >> SlotStore.ChunkShift;
                if (chunk >= _allocator.Numbers)
                {
                    return 0;
                }

                if ((index & SlotStore.ChunkMask) >= _allocator.State(chunk).Fresh)
                {
                    // The rest of the chunk was never used, or the chunk was given up.
                    index = ((chunk + 1) << SlotStore.ChunkShift) - 1;
                    continue;
                }

                ref OrderNode node = ref _store.Node(index);
                if (node.IsInUse
                    && (which == AuditedEntries.All
                        || (which == AuditedEntries.Unfinished
                            && (_store.Slot(index).Flags & SlotFlags.Unfinished) != 0)
                        || (which is AuditedEntries.Hot or AuditedEntries.Cold
                            && node.CanChange && node.IsHot == (which == AuditedEntries.Hot))))
                {
                    entries.Add(Copy_NeedsLock(index));
                }
            }
        }

        return index;
    }

    /// <summary>Copies the entry in a slot, if it is still the one that was found there.</summary>
    public bool TryReadEntry(in SlotRef slotRef, out AuditedEntry entry)
    {
        using (_lock.Enter())
        {
            bool isCurrent = IsCurrent_NeedsLock(in slotRef);
            entry = isCurrent ? Copy_NeedsLock(slotRef.Index) : default;
            return isCurrent;
        }
    }

    /// <summary>Copies the unfinished entries whose keys have a hash code. Runs no code of the keys.</summary>
    public void ReadUnfinished(int hash, List<AuditedEntry> entries)
    {
        foreach (Candidate candidate in Collect(hash))
        {
            if ((candidate.SlotRef.Flags & SlotFlags.Unfinished) != 0
                && TryReadEntry(candidate.SlotRef, out AuditedEntry entry))
            {
                entries.Add(entry);
            }
        }
    }

    /// <summary>Marks entries to be measured before others, where they are still the ones that were found.</summary>
    public void MarkHot(List<SlotRef> entries)
    {
        using (_lock.EnterAfterOthers())
        {
            foreach (SlotRef slotRef in entries)
            {
                if (IsCurrent_NeedsLock(in slotRef))
                {
                    // The version stays: readers do not need the marks, and what was measured is still right.
                    SetMarks_NeedsLock(
                        slotRef.Index, _store.Slot(slotRef.Index).Flags, Marks_NeedsLock(slotRef.Index).AsHot());
                }
            }
        }
    }

    /// <summary>The marks of an entry. For the invariant checker.</summary>
    internal EntryMarks MarksOf_NeedsLock(int index) => Marks_NeedsLock(index);

    private AuditedEntry Copy_NeedsLock(int index)
    {
        Debug.Assert(_lock.IsHeldByCurrentThread);
        ref Slot slot = ref _store.Slot(index);
        EntryDetails? details = (slot.Flags & SlotFlags.HasDetails) != 0 ? (EntryDetails)slot.Value! : null;
        return new AuditedEntry(
            slot.Key!,
            details is null ? slot.Value : details.Value,
            details,
            _index.ReferenceTo(index),
            slot.Hash,
            _store.Node(index).Charge,
            Marks_NeedsLock(index));
    }

    private EntryMarks Marks_NeedsLock(int index)
    {
        Debug.Assert(_lock.IsHeldByCurrentThread);
        ref OrderNode node = ref _store.Node(index);
        return new EntryMarks(node.CanChange, node.IsHot, _declared[index], _sizedKeys[index]);
    }

    /// <summary>Sets a slot's flags and marks, and keeps the counts of them.</summary>
    private void SetMarks_NeedsLock(int index, SlotFlags flags, EntryMarks marks)
    {
        Debug.Assert(_lock.IsHeldByCurrentThread);
        ref Slot slot = ref _store.Slot(index);
        ref OrderNode node = ref _store.Node(index);
        if (!_declared.TrySet(index, marks.DeclaredBytes) || !_sizedKeys.TrySet(index, marks.SizedKeyBytes))
        {
            // Without these it might be charged too little, so it is left alone.
            marks = default;
        }

        _unfinished += One(flags & SlotFlags.Unfinished) - One(slot.Flags & SlotFlags.Unfinished);
        _changing += (marks.CanChange ? 1 : 0) - (node.CanChange ? 1 : 0);
        _hot += (marks.IsHot ? 1 : 0) - (node.IsHot ? 1 : 0);
        slot.Flags = flags;
        node.Mark(marks.CanChange, marks.IsHot);
    }

    private static int One(SlotFlags flag) => flag != 0 ? 1 : 0;
}

/// <summary>Which entries background measurements look at.</summary>
internal enum AuditedEntries
{
    /// <summary>Those whose value can change, without the hot ones.</summary>
    Cold,

    /// <summary>Those whose value is of a type that was seen to change.</summary>
    Hot,

    /// <summary>Those whose value was not finished when it was last measured.</summary>
    Unfinished,

    /// <summary>All, also those whose value cannot change.</summary>
    All,
}

/// <summary>An entry as background measurements see it: what it consists of, where it was, and its charge.</summary>
internal readonly record struct AuditedEntry(
    object Key, object? Value, EntryDetails? Details, SlotRef SlotRef, int Hash, long Charge, EntryMarks Marks)
{
    public bool HasDeadline => (SlotRef.Flags & SlotFlags.HasDeadline) != 0;

    public bool IsUnfinished => (SlotRef.Flags & SlotFlags.Unfinished) != 0;
}
