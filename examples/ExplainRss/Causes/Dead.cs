using System.Runtime.CompilerServices;

namespace BoundedCache.ExplainRss.Causes;

/// <summary>
/// A cache whose limit was lowered without a release: its entries are dead, but not yet collected.
/// </summary>
internal sealed class Dead : Cause
{
    private BoundedMemoryCache? _cache;

    public override string Name => "dead";

    public override string Description =>
        "A cache lowered to a tenth without a release: what it let go is dead, and still there.";

    public override MemoryReportCause? Finding => MemoryReportCause.Dead;

    [MethodImpl(MethodImplOptions.NoInlining)]
    public override void Build(long bytes)
    {
        _cache = CacheFiller.Fill(bytes, paced: false);
        _cache.SetMaxMemoryAsync(bytes / 10, ReleaseMode.None).GetAwaiter().GetResult();
    }

    public override void LetGo() => _cache?.Dispose();
}
