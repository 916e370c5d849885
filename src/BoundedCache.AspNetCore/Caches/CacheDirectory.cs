using Microsoft.Extensions.DependencyInjection;

namespace BoundedCache.AspNetCore.Caches;

/// <summary>
/// The caches of the application, by the names that requests give. The first use, which may be here, creates
/// them.
/// </summary>
internal sealed class CacheDirectory(IServiceProvider services)
{
    /// <summary>All caches, in the order of their registration.</summary>
    /// <exception cref="ObjectDisposedException">The application's container is disposed.</exception>
    public IReadOnlyList<IBoundedCache> All => Registry.Caches;

    private BoundedMemoryCacheRegistry Registry => services.GetRequiredService<BoundedMemoryCacheRegistry>();

    /// <summary>Finds a cache.</summary>
    /// <returns>Why the request is refused: there is no such cache. Null if there is.</returns>
    public Problem? Refuse(string name, out IBoundedCache cache)
    {
        // Servers leave an encoded slash in a segment as it is, and decode everything else.
        BoundedMemoryCacheRegistry registry = Registry;
        return registry.TryGet(name, out cache!)
            || registry.TryGet(name.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase), out cache!)
            ? null
            : Problems.UnknownCache(name, registry.Names);
    }
}
