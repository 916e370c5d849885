namespace BoundedCache.ShrinkDemo.Workloads;

/// <summary>A key that was written, and the stamp of its value.</summary>
internal readonly record struct Probe(string Key, ulong Stamp);
