namespace BoundedCache.TwoTier;

/// <summary>The checked options of one node.</summary>
/// <param name="Port">The port on loopback; 0 for a free one.</param>
/// <param name="Redis">Where Redis is: host and port, or any configuration of StackExchange.Redis.</param>
/// <param name="RedisTimeout">How long anything may wait for Redis.</param>
/// <param name="SharedFolder">The folder that all nodes share: the products, and the limits.</param>
/// <param name="UsesFusion">FusionCache with its backplane instead of HybridCache.</param>
internal sealed record NodeOptions(
    int Port, string Redis, TimeSpan RedisTimeout, string SharedFolder, bool UsesFusion);
