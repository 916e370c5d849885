namespace BoundedCache;

/// <summary>A part of a row of a <see cref="MemoryReport"/>.</summary>
/// <param name="Name">What it is, in a few words.</param>
/// <param name="Bytes">Its size in bytes.</param>
public sealed record MemoryReportPart(string Name, long Bytes);
