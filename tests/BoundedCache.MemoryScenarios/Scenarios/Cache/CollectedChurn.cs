namespace BoundedCache.MemoryScenarios.Scenarios;

/// <summary>The same in a process that collects its whole heap by itself more often than pacing would.</summary>
internal sealed class CollectedChurn : PacedChurn
{
    // Four gulps are 4 MiB, and the budget is at least 8.
    private const int GulpsBetween = 4;

    private int _gulps;

    protected override void AfterGulp()
    {
        if (++_gulps % GulpsBetween == 0)
        {
            GC.Collect(2, GCCollectionMode.Forced, blocking: true);
        }
    }
}
