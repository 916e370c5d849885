using BoundedCache.TestSupport;
using CsCheck;
using Xunit.Abstractions;

namespace BoundedCache.Tests.Concurrency.Linearizability;

/// <summary>The byte cache in small random programs, as <see cref="LinearizabilityTests"/> have them.</summary>
[Collection(StressTests.Name)]
public class ByteLinearizabilityTests(ITestOutputHelper output)
{
    private const int Runs = 50;
    private const int Seconds = 1;

    /// <summary>Everything fits: blocks move, slots and buckets come and go, and no value may be missing.</summary>
    private static readonly HistorySetting s_roomy = new(64 * 1024 * 1024, 3, IsInChunks: false,
    [
        (HistoryOperationKind.Get, 10), (HistoryOperationKind.Set, 8), (HistoryOperationKind.Remove, 3),
        (HistoryOperationKind.Refresh, 1), (HistoryOperationKind.AdvanceClock, 2),
        (HistoryOperationKind.RemoveExpired, 1), (HistoryOperationKind.Clear, 1),
        (HistoryOperationKind.AddFillers, 3), (HistoryOperationKind.RemoveFillers, 3),
        (HistoryOperationKind.SetLimit, 1),
    ]);

    /// <summary>Blocks move all the time, and little else happens.</summary>
    private static readonly HistorySetting s_moving = new(64 * 1024 * 1024, 3, IsInChunks: false,
    [
        (HistoryOperationKind.Get, 8), (HistoryOperationKind.Set, 2), (HistoryOperationKind.AddFillers, 4),
        (HistoryOperationKind.RemoveFillers, 4),
    ]);

    /// <summary>Entries are evicted, for others and for a lowered limit, and large values are refused.</summary>
    private static readonly HistorySetting s_tight = new(400 * 1024, 4, IsInChunks: false,
    [
        (HistoryOperationKind.Get, 8), (HistoryOperationKind.Set, 8), (HistoryOperationKind.Remove, 2),
        (HistoryOperationKind.Refresh, 1), (HistoryOperationKind.AdvanceClock, 1),
        (HistoryOperationKind.SetLimit, 3), (HistoryOperationKind.AddFillers, 2), (HistoryOperationKind.Clear, 1),
    ]);

    public static TheoryData<string, int, bool, EvictionPolicy> Settings => new()
    {
        { "roomy", 3, false, EvictionPolicy.LeastRecentlyUsed },
        { "roomy", 2_000, true, EvictionPolicy.LeastRecentlyUsed },
        { "moving", 2_000, true, EvictionPolicy.LeastRecentlyUsed },
        { "moving", 3, false, EvictionPolicy.LeastRecentlyUsed },
        { "tight", 3, true, EvictionPolicy.LeastRecentlyUsed },
        { "roomy", 3, false, EvictionPolicy.ScanResistant },
        { "tight", 3, true, EvictionPolicy.ScanResistant },
    };

    [Theory]
    [MemberData(nameof(Settings))]
    public void Operations_beside_each_other_return_what_some_order_of_them_would(
        string setting, int keyLength, bool clear, EvictionPolicy policy) =>
        Run(setting, keyLength, clear, policy, Seconds);

    [SoakTheory]
    [Trait("Category", "Soak")]
    [MemberData(nameof(Settings))]
    public void Operations_beside_each_other_return_what_some_order_of_them_would_for_long(
        string setting, int keyLength, bool clear, EvictionPolicy policy) =>
        Run(setting, keyLength, clear, policy, (int)Soak.Duration!.Value.TotalSeconds);

    private void Run(string name, int keyLength, bool clear, EvictionPolicy policy, int seconds)
    {
        HistorySetting setting = name switch { "roomy" => s_roomy, "moving" => s_moving, _ => s_tight };
        using var runner = new ByteHistoryRunner(setting, keyLength, clear, policy);
        try
        {
            HistoryProgram.Generate(setting).Sample(
                program => runner.Run(program, Runs),
                time: seconds,
                threads: 1,
                print: static program => program.ToString());
        }
        finally
        {
            output.WriteLine($"{runner.Histories:N0} histories");
        }
    }
}
