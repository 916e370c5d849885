namespace BoundedCache.Process;

/// <summary>
/// The allocator that native code of this process uses (<c>malloc</c>), as far as a test can put another in its place.
/// </summary>
internal interface INativeAllocator
{
    /// <summary>Has the allocator hand its free pages to the operating system, where it can be asked to.</summary>
    /// <returns>False where it cannot: nothing was done. Never throws.</returns>
    bool TryTrim();
}
