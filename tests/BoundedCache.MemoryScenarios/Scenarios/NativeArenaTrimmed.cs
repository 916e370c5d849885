namespace BoundedCache.MemoryScenarios.Scenarios;

/// <summary>The same, and the release may ask the allocator for what it keeps.</summary>
internal sealed class NativeArenaTrimmed : NativeArena
{
    protected override bool TrimNative => true;
}
