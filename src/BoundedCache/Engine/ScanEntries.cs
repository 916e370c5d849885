namespace BoundedCache.Engine;

/// <summary>What the scan-resistant order keeps of an entry, and where.</summary>
internal interface IScanEntries
{
    ref OrderNode Node(int index);

    /// <summary>A node by an index that may be wrong, without the lock; a null reference where there is none.</summary>
    ref OrderNode TryNode(int index);

    /// <summary>The lower half of the time when the entry was queued.</summary>
    ref uint QueuedAt(int index);

    int Hash(int index);

    /// <summary>Uses since the entry was put into its queue, up to <see cref="Slot.MaxMark"/>.</summary>
    byte Mark(int index);

    void SetMark(int index, byte mark);

    /// <summary>Raises the mark, up to <see cref="Slot.MaxMark"/>.</summary>
    void Use(int index);
}

/// <summary>The scan-resistant order of a cache of objects.</summary>
internal sealed class ScanResistantOrder(SlotStore store)
    : ScanResistantOrder<ScanResistantOrder.Entries>(new Entries(store))
{
    public readonly struct Entries(SlotStore store) : IScanEntries
    {
        public ref OrderNode Node(int index) => ref store.Node(index);

        public ref OrderNode TryNode(int index) => ref store.TryNode(index);

        public ref uint QueuedAt(int index) => ref store.QueuedAt(index);

        public int Hash(int index) => store.Slot(index).Hash;

        public byte Mark(int index) => store.Slot(index).Mark;

        public void SetMark(int index, byte mark) => store.Slot(index).Mark = mark;

        public void Use(int index) => store.Slot(index).Use();
    }
}
