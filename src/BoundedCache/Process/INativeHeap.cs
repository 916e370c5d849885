namespace BoundedCache.Process;

/// <summary>
/// The native allocator (<c>malloc</c>) of this process, as far as it gives an account of itself and a test can
/// put another in its place.
/// </summary>
internal interface INativeHeap
{
    /// <summary>Reads its account.</summary>
    /// <returns>Null where it keeps none, as on musl, Windows and macOS.</returns>
    NativeHeapReading? Read();
}
