using System.Diagnostics.Metrics;
using BoundedCache;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registration of <see cref="BoundedMemoryCache"/> with a service collection.</summary>
public static class BoundedMemoryCacheServiceCollectionExtensions
{
    /// <summary>
    /// Registers one <see cref="BoundedMemoryCache"/> as itself and as <see cref="IMemoryCache"/>, in the place of any registered before; a later
    /// <c>AddMemoryCache()</c> changes nothing. It is created when first asked for, with logging and metrics where the container has them, and disposed with the container.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="configure">Changes the default settings; null for the defaults.</param>
    /// <returns>The services.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="services"/> is null.</exception>
    public static IServiceCollection AddBoundedMemoryCache(this IServiceCollection services, Action<BoundedMemoryCacheOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.RemoveAll<BoundedMemoryCache>();
        services.RemoveAll<IMemoryCache>();
        services.AddSingleton(provider =>
        {
            var options = new BoundedMemoryCacheOptions();
            configure?.Invoke(options);
            return new BoundedMemoryCache(options, provider.GetService<ILoggerFactory>(), provider.GetService<IMeterFactory>());
        });
        services.AddSingleton<IMemoryCache>(static provider => provider.GetRequiredService<BoundedMemoryCache>());
        return services;
    }
}
