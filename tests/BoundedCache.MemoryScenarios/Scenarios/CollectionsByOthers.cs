namespace BoundedCache.MemoryScenarios.Scenarios;

/// <summary>Survivors at random, while another thread collects the whole heap again and again.</summary>
internal sealed class CollectionsByOthers : SurvivorsAtRandom
{
    private volatile bool _over;

    protected override void Prepare(IEnumerable<object> survivors) =>
        new Thread(CollectUntilOver) { IsBackground = true }.Start();

    public override ScenarioResult Run(ProcessMemorySnapshot empty)
    {
        ScenarioResult result = base.Run(empty);
        _over = true;
        return result;
    }

    private void CollectUntilOver()
    {
        while (!_over)
        {
            GC.Collect(2, GCCollectionMode.Forced, blocking: true, compacting: true);
            // Without a gap the collector's lock is rarely had by anyone else.
            Thread.Sleep(1);
        }
    }
}
