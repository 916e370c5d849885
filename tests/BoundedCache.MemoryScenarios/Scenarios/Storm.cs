using BoundedCache.Memory;

namespace BoundedCache.MemoryScenarios.Scenarios;

/// <summary>A hundred requests at once, after a release that left nothing to give.</summary>
internal sealed class Storm : SurvivorsAtRandom
{
    public override ScenarioResult Run(ProcessMemorySnapshot empty)
    {
        ScenarioResult first = base.Run(empty);
        var request = new ReleaseRequest { ExpectedBytes = 1, Forced = true };
        int collectionsBefore = GC.CollectionCount(2);
        ReleaseResult[] results = Task.WhenAll(
            Enumerable.Range(0, 100).Select(_ => MemoryReleaser.Shared.ReleaseAsync(request, CancellationToken.None))).GetAwaiter().GetResult();
        return first with
        {
            Figures = new Dictionary<string, double>
            {
                ["runs"] = results.Distinct().Count(),
                ["collections"] = GC.CollectionCount(2) - collectionsBefore,
                ["complaints"] = results.Count(static result => result.Outcome != ReleaseOutcome.Released || result.Advice.Count > 0),
            },
        };
    }
}
