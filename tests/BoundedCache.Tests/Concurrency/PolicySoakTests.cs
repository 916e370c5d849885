using BoundedCache.TestSupport;

namespace BoundedCache.Tests.Concurrency;

/// <summary>
/// Each policy for long, by its name: reads, writes, resizes, removals, remeasuring and expirations, in rounds. After
/// each round, while nothing runs, the invariants are checked.
/// </summary>
[Collection(StressTests.Name)]
public class PolicySoakTests
{
    private static readonly TimeSpan s_round = TimeSpan.FromSeconds(5);

    [SoakTheory]
    [Trait("Category", "Soak")]
    [InlineData(EvictionPolicy.LeastRecentlyUsed)]
    [InlineData(EvictionPolicy.ScanResistant)]
    public void Reads_writes_resizes_and_expirations_leave_the_invariants_for_long(EvictionPolicy policy)
    {
        for (TimeSpan left = Soak.Duration!.Value; left > TimeSpan.Zero; left -= 2 * s_round)
        {
            ExpirationStressTests.Run(KeyKind.Mixed, policy, s_round);
            MixedStressTests.Run(KeyKind.Mixed, 12_000, policy, s_round);
        }
    }
}
