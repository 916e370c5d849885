using System.Runtime.InteropServices;

namespace BoundedCache.MemoryScenarios.Scenarios;

/// <summary>
/// 200 MB of native blocks of 1,000 bytes, of which all but one in fifty are freed: the allocator
/// keeps what lies between.
/// </summary>
internal class NativeArena : Scenario
{
    private const int Blocks = 200_000;
    private const int BlockBytes = 1000;
    private const int Kept = 50;

    /// <summary>Whether the cache's option lets its releases ask the allocator.</summary>
    protected virtual bool TrimNative => false;

    public override unsafe ScenarioResult Run(ProcessMemorySnapshot empty)
    {
        nint[] blocks = new nint[Blocks];
        for (int i = 0; i < Blocks; i++)
        {
            void* block = NativeMemory.Alloc(BlockBytes);
            NativeMemory.Fill(block, BlockBytes, 1);
            blocks[i] = (nint)block;
        }

        for (int i = 0; i < Blocks; i++)
        {
            if (i % Kept != Kept - 1)
            {
                NativeMemory.Free((void*)blocks[i]);
            }
        }

        using var cache = new BoundedMemoryCache(new BoundedMemoryCacheOptions { TrimNativeMemory = TrimNative });
        return ScenarioResult.From(
            empty, (long)Blocks / Kept * BlockBytes, cache.ReleaseAsync().GetAwaiter().GetResult());
    }
}
