namespace BoundedCache.Process;

/// <summary>What the native allocator says of itself, in bytes.</summary>
/// <param name="InUseBytes">Allocated and not freed, those included that got a mapping of their own.</param>
/// <param name="FreeBytes">Freed, and kept for the next allocation; resident or not.</param>
internal readonly record struct NativeHeapReading(long InUseBytes, long FreeBytes);
