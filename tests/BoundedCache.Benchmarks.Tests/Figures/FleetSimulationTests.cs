using BoundedCache.Figures;

namespace BoundedCache.Benchmarks.Tests.Figures;

/// <summary>The simulation of a fleet whose limits are lowered, with few nodes.</summary>
public sealed class FleetSimulationTests
{
    private static readonly FleetSettings s_few = new()
    {
        Nodes = 10,
        Keys = 2_000,
        NodeEntries = 400,
        NodeEntriesAfter = 100,
        SecondLevelEntries = 600,
        RequestsPerSecond = 100,
        WarmSeconds = 60,
        SecondsBefore = 20,
        SecondsAfter = 120,
    };

    [Fact]
    public void The_same_settings_give_the_same_result()
    {
        FleetResult first = FleetSimulation.Run(s_few, FleetChange.Lower, batch: 1, pause: 5);
        FleetResult second = FleetSimulation.Run(s_few, FleetChange.Lower, batch: 1, pause: 5);

        Assert.Equal(first.SecondLevelReads, second.SecondLevelReads);
        Assert.Equal(first.OriginReads, second.OriginReads);
        Assert.Equal(s_few.SecondsBefore + s_few.SecondsAfter, first.OriginReads.Count);
    }

    [Fact]
    public void A_lower_limit_costs_its_misses_and_a_restart_costs_a_warm_cache_besides()
    {
        FleetResult nothing = FleetSimulation.Run(s_few, null, s_few.Nodes, pause: 0);
        FleetResult lowered = FleetSimulation.Run(s_few, FleetChange.Lower, s_few.Nodes, pause: 0);
        FleetResult restarted = FleetSimulation.Run(s_few, FleetChange.Restart, s_few.Nodes, pause: 0);

        Assert.InRange(nothing.SecondLevel.After / nothing.SecondLevel.Before, 0.9, 1.1);
        Assert.Equal(nothing.SecondLevel.Before, lowered.SecondLevel.Before);
        Assert.True(lowered.SecondLevel.After > 1.3 * lowered.SecondLevel.Before);
        // What an LRU keeps is what a smaller one would hold: it does not have to be warmed.
        Assert.InRange(lowered.SecondLevel.Peak / lowered.SecondLevel.After, 1, 1.25);
        Assert.True(restarted.SecondLevel.Peak > 1.25 * lowered.SecondLevel.Peak);
        Assert.InRange(restarted.SecondLevel.After / lowered.SecondLevel.After, 0.9, 1.1);
    }

    [Fact]
    public void A_tenth_of_the_nodes_at_a_time_keeps_the_origin_from_a_peak()
    {
        FleetResult atOnce = FleetSimulation.Run(s_few, FleetChange.Lower, s_few.Nodes, pause: 0);
        FleetResult staggered = FleetSimulation.Run(s_few, FleetChange.Lower, s_few.Nodes / 10, pause: 5);

        Assert.True(atOnce.Origin.Peak > 1.1 * staggered.Origin.Peak, $"{atOnce.Origin} and {staggered.Origin}");
    }
}
