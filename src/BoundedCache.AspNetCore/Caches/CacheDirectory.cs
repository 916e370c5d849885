using Microsoft.Extensions.DependencyInjection;

namespace BoundedCache.AspNetCore.Caches;

/// <summary>The caches of the application, by the names that requests give. They are made when the first of them is asked for, which may be here.</summary>
internal sealed class CacheDirectory(IServiceProvider services)
{
    private readonly Lazy<BoundedMemoryCacheRegistry> _registry = new(services.GetRequiredService<BoundedMemoryCacheRegistry>);

    public IReadOnlyList<BoundedMemoryCache> All => _registry.Value.Caches;

    /// <summary>Finds a cache.</summary>
    /// <returns>Why the request is refused: there is none. Null where there is.</returns>
    public Problem? Refuse(string name, out BoundedMemoryCache cache)
    {
        // Servers leave a slash in a segment encoded, and decode everything else.
        return _registry.Value.TryGet(name, out cache!) || _registry.Value.TryGet(name.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase), out cache!)
            ? null
            : Problems.UnknownCache(name, _registry.Value.Names);
    }
}
