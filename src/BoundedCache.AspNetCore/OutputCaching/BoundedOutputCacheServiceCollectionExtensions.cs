using BoundedCache;
using BoundedCache.AspNetCore.OutputCaching;
using Microsoft.AspNetCore.OutputCaching;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registration of a byte cache as the store of output caching.</summary>
public static class BoundedOutputCacheServiceCollectionExtensions
{
    private const string Key = "output-cache";

    /// <summary>
    /// Keeps the responses of output caching in a <see cref="BoundedByteCache"/> of the name <c>output-cache</c>:
    /// responses, keys and tags count, all within its limit in resident bytes. Works before and after
    /// <c>AddOutputCache()</c>, which is still needed; its <c>SizeLimit</c> has no effect then.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="configure">Changes the default settings; null for the defaults.</param>
    /// <param name="configuration">The cache's own section, read first; null for none.</param>
    /// <returns>The services.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="services"/> is null.</exception>
    public static IServiceCollection AddBoundedOutputCache(
        this IServiceCollection services,
        Action<BoundedByteCacheOptions>? configure = null,
        IConfiguration? configuration = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.RemoveAll<IOutputCacheStore>();
        services.AddKeyedBoundedByteCache(Key, configure, configuration);
        services.AddSingleton<IOutputCacheStore>(static provider =>
            new ByteOutputCacheStore(provider.GetRequiredKeyedService<BoundedByteCache>(Key)));
        return services;
    }
}
