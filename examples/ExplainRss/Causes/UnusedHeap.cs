using System.Runtime.CompilerServices;

namespace BoundedCache.ExplainRss.Causes;

/// <summary>A past peak: collected, but the runtime keeps the memory for its next use.</summary>
internal sealed class UnusedHeap : Cause
{
    public override string Name => "peak";

    public override string Description =>
        "An allocation peak that is over and collected: the runtime keeps the empty memory.";

    public override MemoryReportCause? Finding => MemoryReportCause.UnusedHeap;

    public override void Build(long bytes)
    {
        Peak(bytes);
        GC.Collect();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Peak(long bytes)
    {
        List<byte[]> all = [];
        for (long built = 0; built < bytes; built += 1024)
        {
            all.Add(new byte[1000]);
        }

        GC.KeepAlive(all);
    }
}
