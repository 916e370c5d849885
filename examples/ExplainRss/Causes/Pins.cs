using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace BoundedCache.ExplainRss.Causes;

/// <summary>Pinned buffers spread over a heap whose other objects are dead.</summary>
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

        // Only after all buffers exist: a collection during the loop, which may or may not come, would move the others
        // away from the pinned ones.
        for (int i = 99; i < buffers.Count; i += 100)
        {
            _pins.Add(GCHandle.Alloc(buffers[i], GCHandleType.Pinned));
        }
    }
}
