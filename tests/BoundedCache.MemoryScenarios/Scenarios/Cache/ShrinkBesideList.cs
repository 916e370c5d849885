namespace BoundedCache.MemoryScenarios.Scenarios.Cache;

/// <summary>
/// The same beside a list of 600 MB that lives on: what the cache lets go leaves, and RSS stays high all the same.
/// </summary>
internal sealed class ShrinkBesideList : ShrinkSmallValues
{
    /// <summary>What lives in the list.</summary>
    public const long ListBytes = 600_000_000;

    private readonly List<byte[]> _sessions = [];

    protected override void Prepare(BoundedMemoryCache cache)
    {
        for (long built = 0; built < ListBytes; built += 1024)
        {
            _sessions.Add(new byte[1000]);
        }
    }

    protected override ScenarioResult Shrink(BoundedMemoryCache cache, ProcessMemorySnapshot empty)
    {
        ScenarioResult result = base.Shrink(cache, empty) with { LiveBytes = ShrunkBytes + ListBytes };
        GC.KeepAlive(_sessions);
        return result;
    }
}
