using BoundedCache.TestSupport;

namespace BoundedCache.Examples.Tests.TwoTier;

/// <summary>Redis, a shared folder, and two nodes over them.</summary>
internal sealed class Fleet : IDisposable
{
    private readonly TemporaryDirectory _shared = new();

    private Fleet(RedisServer redis) => Redis = redis;

    public RedisServer Redis { get; }

    public TwoTierNode First { get; private set; } = null!;

    public TwoTierNode Second { get; private set; } = null!;

    /// <param name="settings">What <c>caches.json</c> says of the cache: <c>"MaxMemory": "8MB"</c>.</param>
    /// <param name="redisTimeout">How long a node waits for Redis.</param>
    /// <param name="usesFusion">FusionCache instead of HybridCache.</param>
    public static async Task<Fleet> StartAsync(string settings, TimeSpan redisTimeout, bool usesFusion)
    {
        var fleet = new Fleet(await RedisServer.StartAsync());
        try
        {
            fleet.Configure(settings);
            string[] arguments =
            [
                "--redis", fleet.Redis.Address, "--redis-timeout", $"{redisTimeout.TotalMilliseconds}",
                "--shared", fleet._shared.Path, .. usesFusion ? ["--fusion"] : Array.Empty<string>(),
            ];
            TwoTierNode[] nodes = await Task.WhenAll(
                TwoTierNode.StartAsync(arguments), TwoTierNode.StartAsync(arguments));
            (fleet.First, fleet.Second) = (nodes[0], nodes[1]);
            return fleet;
        }
        catch
        {
            fleet.Dispose();
            throw;
        }
    }

    /// <summary>What an operator does: replaces the file that all nodes follow.</summary>
    public void Configure(string settings) => File.Move(
        _shared.Write("draft", $$"""{ "Cache": { {{settings}} } }"""), _shared.PathOf("caches.json"), overwrite: true);

    /// <summary>Has the first node read products from the source, and waits until Redis has so many of them.</summary>
    public async Task FillAsync(int products, int inRedis)
    {
        await Parallel.ForEachAsync(
            Enumerable.Range(1, products),
            new ParallelOptions { MaxDegreeOfParallelism = 16 },
            async (id, _) => await First.AssertRightAsync(id));
        await Until.HoldsAsync(
            $"Redis has {inRedis} products", async () => await Redis.CountKeysAsync() >= inRedis);
    }

    public void Dispose()
    {
        First?.Dispose();
        Second?.Dispose();
        Redis.Dispose();
        _shared.Dispose();
    }
}
