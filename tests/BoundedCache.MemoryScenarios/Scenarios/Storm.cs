using BoundedCache.Release;

namespace BoundedCache.MemoryScenarios.Scenarios;

/// <summary>A hundred requests at once, after a release that left nothing to give.</summary>
internal sealed class Storm : SurvivorsAtRandom
{
    public override ScenarioResult Run(ProcessMemorySnapshot empty)
    {
        ScenarioResult first = base.Run(empty);
        var request = new ReleaseRequest { ExpectedBytes = 1, Forced = true };
        int collectionsBefore = GC.CollectionCount(2);

        // The first waits until all have asked: a collection in the middle of asking would stop this
        // thread, and part the storm.
        using var asked = new ManualResetEventSlim();
        var requests = Enumerable.Repeat(request, 99)
            .Prepend(request with { WaitForCallbacks = timeout => asked.Wait(timeout) });
        Task<ReleaseResult>[] releases =
            [.. requests.Select(static r => MemoryReleaser.Shared.ReleaseAsync(r, CancellationToken.None))];
        asked.Set();
        ReleaseResult[] results = Task.WhenAll(releases).GetAwaiter().GetResult();
        return first with
        {
            Figures = new Dictionary<string, double>
            {
                ["runs"] = results.Distinct().Count(),
                ["collections"] = GC.CollectionCount(2) - collectionsBefore,
                ["complaints"] = results.Count(
                    static result => result.Outcome != ReleaseOutcome.Released || result.Advice.Count > 0),
            },
        };
    }
}
