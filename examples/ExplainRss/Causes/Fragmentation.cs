using System.Runtime.CompilerServices;

namespace BoundedCache.ExplainRss.Causes;

/// <summary>Holes between live objects: every third object stays, and the collector does not compact.</summary>
internal sealed class Fragmentation : Cause
{
    private readonly List<byte[]> _survivors = [];

    public override string Name => "fragmentation";

    public override string Description =>
        "Every third of many arrays stays, the others die between them; the collection sweeps and does not compact.";

    public override MemoryReportCause? Finding => MemoryReportCause.Fragmentation;

    public override void Build(long bytes)
    {
        Scatter(bytes);
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: false);
        GC.Collect(0);
        while (GC.GetGCMemoryInfo(GCKind.Background).Index == 0)
        {
            Thread.Yield();
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Scatter(long bytes)
    {
        List<byte[]> all = [];
        for (long built = 0; built < bytes; built += 8 * 1024)
        {
            all.Add(new byte[8 * 1024]);
        }

        // All of them are old by now, so the next collection does not move them.
        GC.Collect();
        GC.Collect();
        _survivors.AddRange(all.Where(static (_, index) => index % 3 == 0));
    }
}
