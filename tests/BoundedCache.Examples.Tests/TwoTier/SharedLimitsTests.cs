namespace BoundedCache.Examples.Tests.TwoTier;

/// <summary>The file of limits that two processes of the example follow.</summary>
public sealed class SharedLimitsTests
{
    [RedisFact]
    public async Task All_nodes_follow_one_file_of_limits()
    {
        using Fleet fleet = await Fleet.StartAsync(
            "\"MaxMemory\": \"32MB\"", TimeSpan.FromSeconds(20), usesFusion: false);
        await fleet.FillAsync(400, 400);

        fleet.Configure("\"MaxMemory\": \"8MB\"");
        TwoTierNode[] nodes = [fleet.First, fleet.Second];
        await Until.HoldsAsync("both nodes have the new limit", async () =>
            (await Task.WhenAll(nodes.Select(static node => node.StateAsync()))).All(static state =>
                state.MaxMemoryBytes == 8 << 20 && state.UsedMemoryBytes <= 8 << 20));
        await fleet.First.WaitForAsync("Cache:MaxMemory has changed");
        await fleet.Second.WaitForAsync("Cache:MaxMemory has changed");
    }
}
