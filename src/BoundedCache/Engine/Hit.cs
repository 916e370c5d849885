namespace BoundedCache.Engine;

/// <summary>An entry as a reader found it: consistent at one moment, and perhaps gone since; <see cref="Version"/> tells.</summary>
internal struct Hit
{
    public object? Key;
    public object? Value;
    public long Deadline;
    public int Index;
    public uint Version;
    public SlotFlags Flags;
}

/// <summary>How a lookup without the lock ended.</summary>
internal enum Lookup
{
    Miss,
    Hit,

    /// <summary>Writers interfered every time; neither a hit nor a miss can be vouched for.</summary>
    Unsure,
}
