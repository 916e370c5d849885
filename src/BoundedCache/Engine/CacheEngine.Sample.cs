namespace BoundedCache.Engine;

/// <summary>A sample of the entries, for what tells people what a cache holds.</summary>
internal sealed partial class CacheEngine
{
    /// <summary>
    /// Copies some of the entries, evenly spread over the table. Looks at no more slots than it may copy, so a table
    /// with many free slots gives fewer entries. An entry that moves meanwhile may be copied twice or not at all.
    /// </summary>
    public List<AuditedEntry> Sample(int most)
    {
        var entries = new List<AuditedEntry>();
        (int Chunk, int Fresh)[] chunks;
        using (_lock.EnterAfterOthers())
        {
            chunks =
            [
                .. Enumerable.Range(1, Math.Max(0, _allocator.Numbers - 1))
                    .Select(chunk => (chunk, _allocator.State(chunk).Fresh)),
            ];
        }

        long slots = chunks.Sum(static chunk => (long)chunk.Fresh);
        int step = (int)Math.Max(1, (slots + most - 1) / most);
        int next = step / 2;
        foreach ((int chunk, int fresh) in chunks)
        {
            using (_lock.EnterAfterOthers())
            {
                int now = chunk < _allocator.Numbers ? Math.Min(fresh, _allocator.State(chunk).Fresh) : 0;
                for (; next < fresh; next += step)
                {
                    int index = (chunk << SlotStore.ChunkShift) + next;
                    if (next < now && _store.Node(index).IsInUse)
                    {
                        entries.Add(Copy_NeedsLock(index));
                    }
                }
            }

            next -= fresh;
        }

        return entries;
    }
}
