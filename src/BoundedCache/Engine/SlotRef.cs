namespace BoundedCache.Engine;

/// <summary>
/// Where a lookup found an entry, and what it must know of it beside its content. The entry may be gone from there
/// since; the <see cref="Version"/> tells.
/// </summary>
internal readonly record struct SlotRef(int Index, uint Version, SlotFlags Flags, long Deadline)
{
    /// <summary>There is no such entry.</summary>
    public static SlotRef Nowhere => default;

    /// <summary>Writers interfered every time: neither a hit nor a miss can be vouched for without the lock.</summary>
    public static SlotRef Unsure => new(-1, 0, SlotFlags.None, 0);

    public bool IsHit => Index > 0;

    public bool IsUnsure => Index < 0;
}
