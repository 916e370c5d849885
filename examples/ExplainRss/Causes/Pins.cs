using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace BoundedCache.ExplainRss.Causes;

/// <summary>Buffers pinned all over a heap whose rest has died.</summary>
internal sealed class Pins : Cause
{
    private readonly List<GCHandle> _pins = [];

    public override string Name => "pins";

    public override string Description =>
        "One in a hundred buffers pinned where it lay, the others dropped and collected.";

    public override MemoryReportCause? Finding => MemoryReportCause.Pins;

    [MethodImpl(MethodImplOptions.NoInlining)]
    public override void Build(long bytes)
    {
        Scatter(bytes);
        GC.Collect();
    }

    public override void LetGo() => _pins.ForEach(static pin => pin.Free());

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Scatter(long bytes)
    {
        List<byte[]> buffers = [];
        for (long built = 0; built < bytes; built += 1024)
        {
            buffers.Add(new byte[1000]);
        }

        // Not before all are there: a collection on the way, which may come or not, would move the others away from
        // those that are pinned.
        for (int i = 99; i < buffers.Count; i += 100)
        {
            _pins.Add(GCHandle.Alloc(buffers[i], GCHandleType.Pinned));
        }
    }
}
