using ZiggyCreatures.Caching.Fusion;

namespace BoundedCache.TwoTier.Catalogs;

/// <summary>Over FusionCache, whose backplane tells the other nodes about a change.</summary>
internal sealed class FusionCatalog : IProductCatalog
{
    private readonly IFusionCache _cache;
    private readonly ProductSource _source;

    public FusionCatalog(IFusionCache cache, ProductSource source, ILoggerFactory loggers)
    {
        (_cache, _source) = (cache, source);
        ILogger log = loggers.CreateLogger("BoundedCache.TwoTier");
        cache.Events.Backplane.MessageReceived += (_, received) => NodeLog.ChangedElsewhere(
            log,
            received.Message.CacheKey,
            (long)new TimeSpan(DateTimeOffset.UtcNow.Ticks - received.Message.Timestamp).TotalMilliseconds);
    }

    public async Task<Product> FindAsync(int id, CancellationToken cancellationToken) =>
        await _cache.GetOrSetAsync<Product>(
            $"product:{id}", async (_, token) => await _source.ReadAsync(id, token), token: cancellationToken);

    public async Task ChangeAsync(Product product, CancellationToken cancellationToken)
    {
        await _source.WriteAsync(product, cancellationToken);
        await _cache.SetAsync($"product:{product.Id}", product, token: cancellationToken);
    }
}
