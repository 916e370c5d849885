using System.Runtime.CompilerServices;

namespace BoundedCache.ExplainRss.Causes;

/// <summary>
/// A small full cache in a busy process, whose garbage is not collected yet: there is no cause to find.
/// </summary>
internal sealed class Busy : Cause
{
    private const int ObjectBytes = 1000;

    private BoundedMemoryCache? _cache;

    public override string Name => "busy";

    public override string Description =>
        "A small full cache in a process that makes short-lived objects all the time; nothing to do either.";

    public override MemoryReportCause? Finding => null;

    public override void Build(long bytes)
    {
        _cache = CacheFiller.Fill(bytes / 4);

        // Two whole rounds, and then two fifths of the way to the next collection: so there are dead objects, and free
        // room that the last collection left.
        MakeGarbageUntilCollected();
        long between = MakeGarbageUntilCollected();
        for (long made = 0; made < between * 2 / 5; made += ObjectBytes)
        {
            MakeGarbage();
        }
    }

    public override void LetGo() => _cache?.Dispose();

    private static long MakeGarbageUntilCollected()
    {
        int before = GC.CollectionCount(0);
        long made = 0;
        for (; GC.CollectionCount(0) == before; made += ObjectBytes)
        {
            MakeGarbage();
        }

        return made;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void MakeGarbage() => GC.KeepAlive(new byte[ObjectBytes]);
}
