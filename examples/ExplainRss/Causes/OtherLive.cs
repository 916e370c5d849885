namespace BoundedCache.ExplainRss.Causes;

/// <summary>A large live collection beside a small cache.</summary>
internal sealed class OtherLive : Cause
{
    private readonly List<string> _sessions = [];
    private BoundedMemoryCache? _cache;

    public override string Name => "live";

    public override string Description =>
        "A static-like list that keeps growing beside a small cache: it is not the cache.";

    public override MemoryReportCause? Finding => MemoryReportCause.OtherLive;

    public override void Build(long bytes)
    {
        _cache = CacheFiller.Fill(bytes / 16);
        for (long built = 0; built < bytes; built += 1024)
        {
            _sessions.Add(new string('s', 501));
        }

        // As in a process that ran for a while: what no collection has seen yet counts as dead, and the young objects
        // may be a sixth of all this where the processor's cache is large.
        GC.Collect(0);
    }

    public override void LetGo() => _cache?.Dispose();
}
