using BoundedCache.Diagnostics;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Caching.Hybrid;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace BoundedCache.Hosting;

/// <summary>A cache that a service collection registered: its key, and the source of its settings.</summary>
/// <param name="Key">
/// The service key, and with it the cache's name; null for the cache that is <c>IMemoryCache</c> without a key.
/// </param>
/// <param name="Configuration">
/// The section to read the settings from, and to watch for a changed limit; null for none.
/// </param>
/// <param name="Configure">Changes the settings after the section was read; null for none.</param>
internal sealed record CacheRegistration(
    string? Key, IConfiguration? Configuration, Action<BoundedMemoryCacheOptions>? Configure)
{
    /// <summary>
    /// The name of the cache's options, as <c>Configure&lt;BoundedMemoryCacheOptions&gt;(name, …)</c> uses it.
    /// </summary>
    public string OptionsName => Key ?? Options.DefaultName;
}

/// <summary>Fills in the options of a cache, in this order: key, section, delegate.</summary>
internal sealed class CacheOptionsSetup(IEnumerable<CacheRegistration> registrations)
    : IConfigureNamedOptions<BoundedMemoryCacheOptions>
{
    private readonly CacheRegistration[] _registrations = [.. registrations];

    public void Configure(BoundedMemoryCacheOptions options) => Configure(Options.DefaultName, options);

    /// <exception cref="OptionsValidationException">The section holds a setting that is not allowed.</exception>
    public void Configure(string? name, BoundedMemoryCacheOptions options)
    {
        foreach (CacheRegistration registration in _registrations.Where(
            registration => registration.OptionsName == name))
        {
            options.Name = registration.Key ?? options.Name;
            if (registration.Configuration is { } configuration
                && CacheSettings.Read(configuration, options) is { Count: > 0 } failures)
            {
                throw new OptionsValidationException(
                    registration.OptionsName, typeof(BoundedMemoryCacheOptions), failures);
            }

            registration.Configure?.Invoke(options);
        }
    }
}

/// <summary>
/// Checks options after all delegates have run: each setting, and that no two caches of a container, also of different
/// kinds, share a name.
/// </summary>
internal sealed class CacheOptionsValidator(
    IEnumerable<CacheRegistration> registrations, IEnumerable<ByteCacheRegistration> bytes)
    : IValidateOptions<BoundedMemoryCacheOptions>
{
    private readonly string[] _keys =
        [.. registrations.Select(static registration => registration.Key).OfType<string>()];

    private readonly string[] _byteKeys = [.. bytes.Select(static registration => registration.Key)];

    public ValidateOptionsResult Validate(string? name, BoundedMemoryCacheOptions options)
    {
        string cache = string.IsNullOrEmpty(name) ? "The cache without a key" : $"The cache '{name}'";
        List<string> failures =
            [.. options.FindFaults().Select(fault => $"{cache}: {fault.Message.ReplaceLineEndings(" ")}")];
        int namesakes = _keys.Count(key => key == options.Name);
        if (string.IsNullOrEmpty(name) && namesakes > 0)
        {
            failures.Add($"{cache} has the name '{options.Name}', which is also the key of a keyed cache; "
                + "set BoundedMemoryCacheOptions.Name or the key to another.");
        }
        else if (_keys.Contains(name) && options.Name != name)
        {
            failures.Add($"{cache} has BoundedMemoryCacheOptions.Name '{options.Name}'; "
                + "the name of a keyed cache is its key, so leave it alone or change the key.");
        }
        else if (namesakes > 1)
        {
            failures.Add($"{cache} is registered {namesakes} times; each keyed cache needs a key of its own.");
        }

        if (_byteKeys.Contains(options.Name))
        {
            failures.Add($"{cache} has the name '{options.Name}', which is also the key of a byte cache; "
                + "set the name or one of the keys to another.");
        }

        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }
}

/// <summary>
/// Warns of a <see cref="HybridCache"/> that keeps everything twice: in the cache without a key, and, serialized, in
/// <c>MemoryDistributedCache</c> or a byte cache. It leaves the first of these out only if the other is Microsoft's
/// <c>MemoryCache</c>.
/// </summary>
/// <remarks>
/// It asks the registrations and not the container: a service that it resolved could need the cache, which is being
/// made. Where a distributed cache has a key, HybridCache may be told to use that one
/// (<c>DistributedCacheServiceKey</c>), which registrations do not show, so nothing is said.
/// </remarks>
internal sealed class HybridCacheCheck(IServiceCollection services, ILoggerFactory? loggerFactory)
    : IValidateOptions<BoundedMemoryCacheOptions>
{
    private int _done;

    public ValidateOptionsResult Validate(string? name, BoundedMemoryCacheOptions options)
    {
        if (string.IsNullOrEmpty(name) && loggerFactory is not null && Interlocked.Exchange(ref _done, 1) == 0
            && services.Any(static service => service.ServiceType == typeof(HybridCache))
            && FindSecondLevel() is { } method)
        {
            Log.KeptTwice(new ContainedLogger(loggerFactory.CreateLogger<BoundedMemoryCache>()), options.Name, method);
        }

        return ValidateOptionsResult.Skip;
    }

    /// <summary>The method that registered a distributed cache of this process, the only one that there is.</summary>
    private string? FindSecondLevel()
    {
        ServiceDescriptor[] distributed =
            [.. services.Where(static service => service.ServiceType == typeof(IDistributedCache))];
        return distributed.Length == 0 || Array.Exists(distributed, static service => service.IsKeyedService)
            ? null
            : BoundedByteCacheServiceCollectionExtensions.MethodOfProcessLocal(distributed[^1]);
    }
}
