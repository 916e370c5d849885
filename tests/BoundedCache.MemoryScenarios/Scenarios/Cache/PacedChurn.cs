using BoundedCache.Memory;

namespace BoundedCache.MemoryScenarios.Scenarios;

/// <summary>Six times a cache's limit of 128 MiB is written through it, every value new, in gulps of a megabyte with a breath after each.</summary>
internal class PacedChurn : Scenario
{
    public const long LimitBytes = 128L << 20;

    private const int ValueBytes = 1024;
    private const int EntriesPerGulp = 1024;
    private const int Gulps = 6 * 128;

    protected virtual double PacingShare => new BoundedMemoryCacheOptions().PacingShare;

    public override ScenarioResult Run(ProcessMemorySnapshot empty)
    {
        using var cache = new BoundedMemoryCache(
            new BoundedMemoryCacheOptions { MaxMemory = LimitBytes, PacingShare = PacingShare, ReleaseMode = ReleaseMode.None });
        long peakBytes = 0;
        for (int gulp = 0; gulp < Gulps; gulp++)
        {
            for (int i = 0; i < EntriesPerGulp; i++)
            {
                cache.Set((gulp * EntriesPerGulp) + i, new byte[ValueBytes]);
            }

            peakBytes = Math.Max(peakBytes, ScenarioResult.Anonymous(ProcessMemorySnapshot.Take()));

            // The rate of a busy service, not of a program that does nothing but write.
            Thread.Sleep(5);
        }

        return new ScenarioResult
        {
            EmptyBytes = ScenarioResult.Anonymous(empty),
            AfterBytes = peakBytes,
            LiveBytes = cache.UsedMemory,
            Collections = (int)Pacer.OfProcess.Collections,
        };
    }
}
