using System.Runtime.CompilerServices;

namespace BoundedCache.ExplainRss.Causes;

/// <summary>Dropped objects with finalizers. They keep what they refer to until the finalizers have run.</summary>
internal sealed class Finalizers : Cause
{
    private static long s_finalized;

    public override string Name => "finalizers";

    public override string Description =>
        "Dropped objects with finalizers, each with 4 KiB that go only when its finalizer has run.";

    public override MemoryReportCause? Finding => MemoryReportCause.Finalizers;

    public override bool NeedsCollection => true;

    public override void Build(long bytes) => Drop(Make(bytes));

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static List<Handle?> Make(long bytes)
    {
        List<Handle?> handles = [];
        for (long built = 0; built < bytes; built += 4096)
        {
            handles.Add(new Handle());
        }

        return handles;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Drop(List<Handle?> handles) => handles.Clear();

    private sealed class Handle
    {
        private readonly byte[] _buffer = new byte[4000];

        ~Handle() => Interlocked.Add(ref s_finalized, _buffer.Length);
    }
}
