namespace BoundedCache.ExplainRss.Causes;

/// <summary>A full cache and nothing else: there is no cause to find.</summary>
internal sealed class Healthy : Cause
{
    private BoundedMemoryCache? _cache;

    public override string Name => "healthy";

    public override string Description => "A full cache and nothing else; the report finds nothing to do.";

    public override MemoryReportCause? Finding => null;

    public override void Build(long bytes)
    {
        _cache = CacheFiller.Fill(bytes);

        // Filling leaves some dead bytes; in a service at rest a collection has freed them.
        GC.Collect();
    }

    public override void LetGo() => _cache?.Dispose();
}
