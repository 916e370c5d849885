using System.Diagnostics;
using Xunit.Abstractions;

namespace BoundedCache.Examples.Tests.TwoTier;

/// <summary>Two processes of the example over one Redis.</summary>
public sealed class TwoTierTests(ITestOutputHelper output)
{
    private const int Products = 400;
    private const int MiB = 1 << 20;

    /// <summary>So long that no answer of Redis is missed on a busy machine.</summary>
    private static readonly TimeSpan s_patient = TimeSpan.FromSeconds(20);

    [RedisTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_node_whose_limit_is_lowered_under_load_goes_on_serving_from_the_second_level(bool usesFusion)
    {
        using Fleet fleet = await Fleet.StartAsync("\"MaxMemory\": \"32MB\"", s_patient, usesFusion);
        await fleet.FillAsync(Products, Products);
        Assert.Equal(Products, (await fleet.First.StateAsync()).SourceReads);
        await using var customers = new Customers(fleet.Second, Products, clients: 4);
        await customers.HaveAsync(2 * Products);
        NodeState before = await fleet.Second.StateAsync();

        string summary = (await fleet.Second.SetLimitAsync("4MB"))["summary"]!.GetValue<string>();
        await customers.HaveAsync(2 * Products);
        NodeState after = await fleet.Second.StateAsync();
        await customers.EndAsync();

        output.WriteLine($"{before}\n{summary}\n{after}");
        Assert.Equal(32 * MiB, before.MaxMemoryBytes);
        Assert.True(before.UsedMemoryBytes > 4 * MiB);
        Assert.Equal(4 * MiB, after.MaxMemoryBytes);
        Assert.InRange(after.UsedMemoryBytes, 1, 4 * MiB);
        // It holds a part of the products, gave all of them, and never asked the source: the rest came from Redis.
        Assert.InRange(after.Entries, 1, Products / 2);
        Assert.Equal(0, after.SourceReads);
        Assert.Equal(32 * MiB, (await fleet.First.StateAsync()).MaxMemoryBytes);
    }

    [RedisTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Redis_hangs_dies_and_comes_back_and_no_request_fails_or_waits_for_it(bool usesFusion)
    {
        var redisTimeout = TimeSpan.FromMilliseconds(250);
        // A request waits for Redis for one timeout and half of one until it is noticed, and for the source, 50 ms. Ten
        // times that is for a busy machine. The client's own timeouts are 5 s, and would be above it.
        TimeSpan bound = 10 * ((1.5 * redisTimeout) + TimeSpan.FromMilliseconds(50));
        using Fleet fleet = await Fleet.StartAsync("\"MaxMemory\": \"4MB\"", redisTimeout, usesFusion);
        // On a busy machine a write may take longer than the timeout, and is given up then.
        await fleet.FillAsync(Products, Products / 2);
        await using var first = new Customers(fleet.First, Products, clients: 2);
        await using var second = new Customers(fleet.Second, Products, clients: 2);
        await BothHaveAsync(200, "with Redis");

        await fleet.Redis.FreezeAsync();
        await BothHaveAsync(8, "while it hangs");
        fleet.Redis.Kill();
        await BothHaveAsync(50, "while it is gone");
        long started = Stopwatch.GetTimestamp();
        await fleet.First.ChangeAsync(new Product(Products + 1, 1, "changed without Redis"));
        TimeSpan change = Stopwatch.GetElapsedTime(started);
        Assert.Equal("changed without Redis", (await fleet.First.GetAsync(Products + 1)).Description);

        await fleet.Redis.RestartAsync();
        await Until.HoldsAsync(
            "both nodes are connected and Redis has products again",
            async () => (await fleet.First.StateAsync()).IsRedisConnected
                && (await fleet.Second.StateAsync()).IsRedisConnected
                && await fleet.Redis.CountKeysAsync() >= Products / 4,
            () => $"{fleet.First.Output}\n{fleet.Second.Output}");
        await BothHaveAsync(100, "after it came back");
        await first.EndAsync();
        await second.EndAsync();
        Assert.All(
            (TimeSpan[])[first.TakeLongest(), second.TakeLongest(), change],
            time => Assert.InRange(time, TimeSpan.Zero, bound));
        await fleet.First.WaitForAsync($"Redis at {fleet.Redis.Address} is gone.");
        await fleet.First.WaitForAsync($"Redis at {fleet.Redis.Address} is back.");

        async Task BothHaveAsync(int more, string when)
        {
            await Task.WhenAll(first.HaveAsync(more), second.HaveAsync(more));
            TimeSpan[] longest = [first.TakeLongest(), second.TakeLongest()];
            output.WriteLine(
                $"{when}: longest {longest[0].TotalMilliseconds:0} and {longest[1].TotalMilliseconds:0} ms");
            Assert.All(longest, time => Assert.InRange(time, TimeSpan.Zero, bound));
        }
    }

    [RedisFact]
    public async Task FusionCaches_backplane_changes_values_in_place_and_both_nodes_stay_within_their_limits()
    {
        const int Changed = 200;
        const int Length = 100_000;
        const int Limit = 8 * MiB;
        using Fleet fleet = await Fleet.StartAsync("\"MaxMemory\": \"8MB\"", s_patient, usesFusion: true);
        await fleet.FillAsync(Changed, Changed);
        await Parallel.ForEachAsync(
            Enumerable.Range(1, Changed), async (id, _) => await fleet.Second.AssertRightAsync(id));
        TwoTierNode[] nodes = [fleet.First, fleet.Second];
        long[] others = await Task.WhenAll(nodes.Select(static async node =>
            await node.LiveBytesAsync() - (await node.StateAsync()).UsedMemoryBytes));

        // One change. It is promised within a second; the rest is for a busy machine. The other node's own copy expires
        // after ten minutes, so without the backplane it does not come. The time is in the output.
        long started = Stopwatch.GetTimestamp();
        await fleet.First.ChangeAsync(new Product(7, 1, "changed"));
        await SecondHasAsync(7, "changed", TimeSpan.FromMinutes(1));
        string told = await fleet.Second.WaitForAsync("Another node changed product:7; it was told after ");
        output.WriteLine($"seen on the other node after {Stopwatch.GetElapsedTime(started).TotalMilliseconds:0} ms; "
            + $"logged there: {told}");

        // All of them, from 32 KB to 200 KB: 38 MiB where 8 are allowed.
        string large = new('x', Length);
        await Parallel.ForEachAsync(Enumerable.Range(1, Changed), async (id, _) =>
            await fleet.First.ChangeAsync(new Product(id, 2, large)));
        await SecondHasAsync(Changed, large, Until.Deadline);
        NodeState[] states = [];
        await Until.HoldsAsync(
            "both nodes hold no more values than fit into their limits",
            async () =>
            {
                // A node audits its values while it is in use.
                await Task.WhenAll(nodes.Select(static node => node.GetAsync(1)));
                states = await Task.WhenAll(nodes.Select(static node => node.StateAsync()));
                // Two entries are FusionCache's own.
                return states.All(static state => (state.Entries - 2L) * 2 * Length <= Limit);
            },
            () => $"They are {states[0]} and {states[1]}.");
        double seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        long[] live = await Task.WhenAll(nodes.Select(async (node, i) => await node.LiveBytesAsync() - others[i]));
        output.WriteLine($"within their limits {seconds:0.0} s after the first change: {states[0]}, {states[1]}; "
            + $"live objects beside the process's own: {live[0]:N0} and {live[1]:N0} bytes");
        Assert.All(states, static state => Assert.InRange(state.UsedMemoryBytes, 0, Limit));
        // What is allowed, and what web server, serializer and Redis client keep in pools for values of this size. The
        // values are 38 MiB.
        Assert.All(live, static bytes => Assert.InRange(bytes, 0, (Limit * 13L / 10) + (12 * MiB)));

        Task SecondHasAsync(int id, string description, TimeSpan deadline) => Until.HoldsAsync(
            $"the other node has the change of product {id}",
            async () => (await fleet.Second.GetAsync(id)).Description == description,
            deadline: deadline);
    }
}
