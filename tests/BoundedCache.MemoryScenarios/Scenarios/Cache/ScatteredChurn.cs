using BoundedCache.Memory;

namespace BoundedCache.MemoryScenarios.Scenarios;

/// <summary>
/// A cache of 128 MiB is read through, most of the time for what is popular, so that entries die in another order than they came and each leaves a hole of 4 to 32 KiB. Four times the
/// limit comes in. What is told is the median of the last third, which a collection that compacts late cannot hide in.
/// </summary>
internal sealed class ScatteredChurn : Scenario
{
    public const long LimitBytes = 128L << 20;

    private const int LeastBytes = 4 << 10;
    private const int MostBytes = 32 << 10;
    private const int Keys = 20_000;
    private const int LookupsPerGulp = 64;
    private const int Gulps = 1000;

    public override ScenarioResult Run(ProcessMemorySnapshot empty)
    {
        var cache = new BoundedMemoryCache(new BoundedMemoryCacheOptions { MaxMemory = LimitBytes, ReleaseMode = ReleaseMode.None });
        var random = new Random(20261127);
        var late = new List<long>();
        for (int gulp = 0; gulp < Gulps; gulp++)
        {
            for (int i = 0; i < LookupsPerGulp; i++)
            {
                int key = (int)(Keys * Math.Pow(random.NextDouble(), 3));
                if (!cache.TryGetValue(key, out object? _))
                {
                    cache.Set(key, new byte[new Random(key).Next(LeastBytes, MostBytes)]);
                }
            }

            if (gulp > Gulps * 2 / 3)
            {
                late.Add(ScenarioResult.Anonymous(ProcessMemorySnapshot.Take()));
            }

            // As PacedChurn: the rate of a busy service, and not of a program that does nothing but write.
            Thread.Sleep(6);
        }

        late.Sort();
        return new ScenarioResult
        {
            EmptyBytes = ScenarioResult.Anonymous(empty),
            AfterBytes = late[late.Count / 2],
            LiveBytes = cache.UsedMemory,
            Collections = (int)Pacer.OfProcess.Collections,
            Figures = new Dictionary<string, double>
            {
                ["evictedBytes"] = cache.Engine.CreditedBytes,
                ["compactions"] = Pacer.OfProcess.Compactions,
                ["pauseMilliseconds"] = GC.GetTotalPauseDuration().TotalMilliseconds,
            },
        };
    }
}
