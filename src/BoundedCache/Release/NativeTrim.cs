namespace BoundedCache.Release;

/// <summary>What asking the native allocator for its free memory came to.</summary>
/// <param name="IsSupported">Whether there was an allocator to ask.</param>
/// <param name="ReleasedBytes">
/// Bytes that the process occupied less afterwards; negative when it grew meanwhile.
/// </param>
/// <param name="Duration">How long it took.</param>
internal readonly record struct NativeTrim(bool IsSupported, long ReleasedBytes, TimeSpan Duration);
