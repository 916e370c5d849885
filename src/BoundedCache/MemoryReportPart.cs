namespace BoundedCache;

/// <summary>A part of a row of a <see cref="MemoryReport"/>.</summary>
/// <param name="Name">What it is, in a few words.</param>
/// <param name="Bytes">Its size in bytes.</param>
public sealed record MemoryReportPart(string Name, long Bytes)
{
    /// <summary>
    /// False where the kernel counted these bytes; true where they were inferred, as what of the native allocator's
    /// pages is free: the allocator tells how much it keeps, but not how much of that is resident.
    /// </summary>
    public bool IsEstimate { get; init; }
}
