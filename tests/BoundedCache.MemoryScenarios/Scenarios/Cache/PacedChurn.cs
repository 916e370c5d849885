using BoundedCache.Pacing;

namespace BoundedCache.MemoryScenarios.Scenarios;

/// <summary>
/// Three times a limit of 128 MiB is written through a cache, every value new, in gulps of a megabyte
/// with a breath after each.
/// </summary>
internal class PacedChurn : Scenario
{
    public const long LimitBytes = 128L << 20;

    private const int ValueBytes = 1024;
    private const int EntriesPerGulp = 1024;
    private const int Gulps = 3 * 128;

    protected virtual double PacingShare => new BoundedMemoryCacheOptions().PacingShare;

    /// <summary>How many caches share the limit, and take turns.</summary>
    protected virtual int Caches => 1;

    /// <summary>What else the process does, again and again.</summary>
    protected virtual void AfterGulp()
    {
    }

    public override ScenarioResult Run(ProcessMemorySnapshot empty)
    {
        BoundedMemoryCache[] caches = [.. Enumerable.Range(0, Caches).Select(_ => new BoundedMemoryCache(
            new BoundedMemoryCacheOptions
            {
                MaxMemory = LimitBytes / Caches,
                PacingShare = PacingShare,
                ReleaseMode = ReleaseMode.None,
            }))];
        long peakBytes = 0;
        for (int gulp = 0; gulp < Gulps; gulp++)
        {
            BoundedMemoryCache cache = caches[gulp % caches.Length];
            for (int i = 0; i < EntriesPerGulp; i++)
            {
                cache.Set((gulp * EntriesPerGulp) + i, new byte[ValueBytes]);
            }

            peakBytes = Math.Max(peakBytes, ScenarioResult.Anonymous(ProcessMemorySnapshot.Take()));
            AfterGulp();

            // The rate of a busy service, some 40,000 entries a second, and not of a program that does nothing but
            // write: there pacing keeps up less well.
            Thread.Sleep(20);
        }

        return new ScenarioResult
        {
            EmptyBytes = ScenarioResult.Anonymous(empty),
            AfterBytes = peakBytes,
            LiveBytes = caches.Sum(static cache => cache.UsedMemory),
            Collections = (int)Pacer.Shared.Collections,
            Figures = new Dictionary<string, double>
            {
                ["evictedBytes"] = caches.Sum(static cache => (double)cache.Engine.CreditedBytes),
                ["youngCollections"] = Pacer.Shared.YoungCollections,
            },
        };
    }
}
