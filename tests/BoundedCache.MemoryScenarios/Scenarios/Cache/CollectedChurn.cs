namespace BoundedCache.MemoryScenarios.Scenarios;

/// <summary>The same in a process that collects its whole heap by itself more often than pacing would.</summary>
internal sealed class CollectedChurn : PacedChurn
{
    // Three gulps are charged some 3.5 MB; the least budget is 8 MiB, and for what comes in half of that.
    private const int GulpsBetween = 3;

    private int _gulps;

    protected override void AfterGulp()
    {
        if (++_gulps % GulpsBetween == 0)
        {
            GC.Collect(2, GCCollectionMode.Forced, blocking: true);
        }
    }
}
