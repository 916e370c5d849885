using BoundedCache;
using BoundedCache.AspNetCore.OutputCaching;
using Microsoft.AspNetCore.OutputCaching;
using Microsoft.Extensions.Configuration;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registration of a byte cache as the store of output caching.</summary>
public static class BoundedOutputCacheServiceCollectionExtensions
{
    private const string Key = "output-cache";

    /// <summary>What makes our store. By it a registration is known to be ours.</summary>
    private static readonly Func<IServiceProvider, IOutputCacheStore> s_store = static provider =>
        new ByteOutputCacheStore(provider.GetRequiredKeyedService<BoundedByteCache>(Key));

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
    /// <exception cref="InvalidOperationException">
    /// Another store is registered, such as Redis: an application that shares responses with other processes would stop
    /// sharing them.
    /// </exception>
    public static IServiceCollection AddBoundedOutputCache(
        this IServiceCollection services,
        Action<BoundedByteCacheOptions>? configure = null,
        IConfiguration? configuration = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        ServiceDescriptor[] there =
        [
            .. services.Where(static service =>
                service.ServiceType == typeof(IOutputCacheStore) && !service.IsKeyedService),
        ];
        if (Array.Find(there, static service => !IsReplaceable(service)) is { } other)
        {
            throw new InvalidOperationException(
                "AddBoundedOutputCache: expected no IOutputCacheStore or the one in memory of AddOutputCache(), got "
                + $"{TypeOf(other)?.Name ?? "one made by a factory"}. A byte cache is not shared with other processes. "
                + "Remove that registration.");
        }

        Array.ForEach(there, service => services.Remove(service));
        services.AddKeyedBoundedByteCache(Key, configure, configuration);
        services.AddSingleton<IOutputCacheStore>(s_store);
        return services;
    }

    /// <summary>Ours, or the one that output caching itself brings, in memory.</summary>
    private static bool IsReplaceable(ServiceDescriptor service) =>
        service.ImplementationFactory == s_store
            || (TypeOf(service) ?? service.ImplementationFactory?.Method.DeclaringType)?.Assembly
                == typeof(OutputCacheOptions).Assembly;

    private static Type? TypeOf(ServiceDescriptor service) =>
        service.ImplementationType ?? service.ImplementationInstance?.GetType();
}
