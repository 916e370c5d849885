namespace BoundedCache.Engine;

/// <summary>What <see cref="SlotAllocator"/> knows of one chunk.</summary>
internal struct ChunkState
{
    /// <summary>Slots of the chunk; 0 for a number without a chunk.</summary>
    public int Length;

    public int InUse;

    /// <summary>Slots that were handed out at least once; the rest were never written.</summary>
    public int Fresh;

    /// <summary>The slot freed last, or -1.</summary>
    public int FreeHead;

    public uint FirstVersion;

    public int PreviousOpen;

    /// <summary>The next open chunk; for a number without a chunk, the next such number.</summary>
    public int NextOpen;

    /// <summary>Entries of the chunk that have a deadline.</summary>
    public int Expiring;
}
