using System.Diagnostics.Metrics;
using BoundedCache;
using BoundedCache.Hosting;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registration of <see cref="BoundedMemoryCache"/> with a service collection.</summary>
/// <remarks>
/// <para>
/// A cache's settings are a named <see cref="BoundedMemoryCacheOptions"/> (keyed caches: under their key), so
/// <c>Configure</c> and <c>PostConfigure</c> work on them too. They are validated and copied when the host starts, or
/// without a host when a cache is first resolved. Wrong or unknown settings, and two caches of the same name, throw
/// <see cref="OptionsValidationException"/> at that point.
/// </para>
/// <para>
/// A cache with a configuration keeps following its <see cref="BoundedMemoryCacheOptions.MaxMemory"/>: when that
/// setting changes, the running cache is resized. A limit that was set in another way stays until the configured one,
/// as the delegates leave it, changes.
/// </para>
/// <para>Caches use the container's <see cref="ILoggerFactory"/> and <see cref="IMeterFactory"/> where there are any,
/// and are disposed with the container.</para>
/// </remarks>
public static class BoundedMemoryCacheServiceCollectionExtensions
{
    /// <summary>
    /// Registers one <see cref="BoundedMemoryCache"/> as itself and as <see cref="IMemoryCache"/>. It replaces an
    /// earlier registration; a later <c>AddMemoryCache()</c> changes nothing. A second call replaces the first.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="configure">Changes the default settings; null for the defaults.</param>
    /// <returns>The services.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="services"/> is null.</exception>
    public static IServiceCollection AddBoundedMemoryCache(
        this IServiceCollection services, Action<BoundedMemoryCacheOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        return Add(services, new CacheRegistration(null, null, configure));
    }

    /// <summary>
    /// Registers one <see cref="BoundedMemoryCache"/> as itself and as <see cref="IMemoryCache"/>. It replaces an
    /// earlier registration; a later <c>AddMemoryCache()</c> changes nothing. A second call replaces the first.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="configuration">
    /// The cache's own section. Its keys are the names of the properties of <see cref="BoundedMemoryCacheOptions"/>.
    /// </param>
    /// <param name="configure">Changes the settings after the section was read; null for nothing.</param>
    /// <returns>The services.</returns>
    /// <exception cref="ArgumentNullException">
    /// <paramref name="services"/> or <paramref name="configuration"/> is null.
    /// </exception>
    public static IServiceCollection AddBoundedMemoryCache(
        this IServiceCollection services,
        IConfiguration configuration,
        Action<BoundedMemoryCacheOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configuration);
        return Add(services, new CacheRegistration(null, configuration, configure));
    }

    /// <summary>
    /// Registers one more <see cref="BoundedMemoryCache"/>, as itself and as <see cref="IMemoryCache"/>, under a
    /// service key (<c>[FromKeyedServices("pages")] IMemoryCache</c>), which is also its name.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="name">The key and name, not empty. No two caches of a container may have the same.</param>
    /// <param name="configure">Changes the default settings; null for the defaults.</param>
    /// <returns>The services.</returns>
    /// <exception cref="ArgumentNullException">
    /// <paramref name="services"/> or <paramref name="name"/> is null.
    /// </exception>
    /// <exception cref="ArgumentException"><paramref name="name"/> is empty or white space.</exception>
    public static IServiceCollection AddKeyedBoundedMemoryCache(
        this IServiceCollection services, string name, Action<BoundedMemoryCacheOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        return AddKeyed(services, new CacheRegistration(name, null, configure));
    }

    /// <summary>
    /// Registers one more <see cref="BoundedMemoryCache"/>, as itself and as <see cref="IMemoryCache"/>, under a
    /// service key (<c>[FromKeyedServices("pages")] IMemoryCache</c>), which is also its name.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="name">The key and name, not empty. No two caches of a container may have the same.</param>
    /// <param name="configuration">
    /// The cache's own section. Its keys are the names of the properties of <see cref="BoundedMemoryCacheOptions"/>.
    /// </param>
    /// <param name="configure">Changes the settings after the section was read; null for nothing.</param>
    /// <returns>The services.</returns>
    /// <exception cref="ArgumentNullException">
    /// <paramref name="services"/>, <paramref name="name"/> or <paramref name="configuration"/> is null.
    /// </exception>
    /// <exception cref="ArgumentException"><paramref name="name"/> is empty or white space.</exception>
    public static IServiceCollection AddKeyedBoundedMemoryCache(
        this IServiceCollection services,
        string name,
        IConfiguration configuration,
        Action<BoundedMemoryCacheOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        ArgumentNullException.ThrowIfNull(configuration);
        return AddKeyed(services, new CacheRegistration(name, configuration, configure));
    }

    private static IServiceCollection Add(IServiceCollection services, CacheRegistration registration)
    {
        services.RemoveAll<BoundedMemoryCache>();
        services.RemoveAll<IMemoryCache>();
        for (int i = services.Count - 1; i >= 0; i--)
        {
            if (!services[i].IsKeyedService && services[i].ImplementationInstance is CacheRegistration { Key: null })
            {
                services.RemoveAt(i);
            }
        }

        AddShared(services, registration);
        services.AddSingleton(static provider => provider.GetRequiredService<BoundedMemoryCacheRegistry>().Default!);
        services.AddSingleton<IMemoryCache>(static provider => provider.GetRequiredService<BoundedMemoryCache>());
        return services;
    }

    private static IServiceCollection AddKeyed(IServiceCollection services, CacheRegistration registration)
    {
        services.RemoveAllKeyed<BoundedMemoryCache>(registration.Key);
        services.RemoveAllKeyed<IMemoryCache>(registration.Key);
        AddShared(services, registration);
        services.AddKeyedSingleton(registration.Key, static (provider, key) =>
            provider.GetRequiredService<BoundedMemoryCacheRegistry>().Get((string)key!));
        services.AddKeyedSingleton<IMemoryCache>(
            registration.Key, static (provider, key) => provider.GetRequiredKeyedService<BoundedMemoryCache>(key));
        return services;
    }

    /// <summary>Registers what all caches of a container share.</summary>
    private static void AddShared(IServiceCollection services, CacheRegistration registration)
    {
        services.AddSingleton(registration);
        services.AddOptions<BoundedMemoryCacheOptions>(registration.OptionsName).ValidateOnStart();
        services.TryAddEnumerable(
            ServiceDescriptor.Singleton<IConfigureOptions<BoundedMemoryCacheOptions>, CacheOptionsSetup>());
        services.TryAddEnumerable(
            ServiceDescriptor.Singleton<IValidateOptions<BoundedMemoryCacheOptions>, CacheOptionsValidator>());
        services.TryAddEnumerable(
            ServiceDescriptor.Singleton<IValidateOptions<BoundedMemoryCacheOptions>, HybridCacheCheck>(
                provider => new HybridCacheCheck(services, provider.GetService<ILoggerFactory>())));
        AddRegistry(services);
    }

    /// <summary>Registers the registry of all kinds of caches.</summary>
    internal static void AddRegistry(IServiceCollection services)
    {
        services.AddOptions();
        services.TryAddSingleton(static provider => new BoundedMemoryCacheRegistry(
            provider.GetServices<CacheRegistration>(),
            provider.GetRequiredService<IOptionsMonitor<BoundedMemoryCacheOptions>>(),
            provider.GetRequiredService<IOptionsFactory<BoundedMemoryCacheOptions>>(),
            provider.GetService<ILoggerFactory>(),
            provider.GetService<IMeterFactory>(),
            provider.GetService<ByteCacheSources>()));
    }
}
