namespace BoundedCache.MemoryScenarios.Scenarios;

/// <summary>A release that comes while a collection in the background has just begun.</summary>
internal class BackgroundUnderWay : SurvivorsAtRandom
{
    protected override void Prepare(IEnumerable<object> survivors) =>
        GC.Collect(2, GCCollectionMode.Forced, blocking: false);
}
