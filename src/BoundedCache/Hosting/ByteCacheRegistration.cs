using System.Diagnostics.Metrics;
using BoundedCache.Diagnostics;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace BoundedCache.Hosting;

/// <summary>A byte cache that a service collection registered: its key, and the source of its settings.</summary>
/// <param name="Key">The service key, and with it the cache's name.</param>
/// <param name="Configuration">
/// The section to read the settings from, and to watch for a changed limit; null for none.
/// </param>
/// <param name="Configure">Changes the settings after the section was read; null for none.</param>
internal sealed record ByteCacheRegistration(
    string Key, IConfiguration? Configuration, Action<BoundedByteCacheOptions>? Configure)
{
    /// <summary>The name of the cache's options.</summary>
    public string OptionsName => Key;
}

/// <summary>Fills in the options of a byte cache, in this order: key, section, delegate.</summary>
internal sealed class ByteCacheOptionsSetup(IEnumerable<ByteCacheRegistration> registrations)
    : IConfigureNamedOptions<BoundedByteCacheOptions>, IValidateOptions<BoundedByteCacheOptions>
{
    private readonly ByteCacheRegistration[] _registrations = [.. registrations];

    public void Configure(BoundedByteCacheOptions options) => Configure(Options.DefaultName, options);

    /// <exception cref="OptionsValidationException">The section holds a setting that is not allowed.</exception>
    public void Configure(string? name, BoundedByteCacheOptions options)
    {
        foreach (ByteCacheRegistration registration in _registrations.Where(
            registration => registration.OptionsName == name))
        {
            options.Name = registration.Key;
            if (registration.Configuration is { } configuration
                && CacheSettings.Read(configuration, options) is { Count: > 0 } failures)
            {
                throw new OptionsValidationException(
                    registration.OptionsName, typeof(BoundedByteCacheOptions), failures);
            }

            registration.Configure?.Invoke(options);
        }
    }

    public ValidateOptionsResult Validate(string? name, BoundedByteCacheOptions options)
    {
        List<string> failures =
            [.. options.FindFaults().Select(fault => $"The cache '{name}': {fault.Message.ReplaceLineEndings(" ")}")];
        if (_registrations.Any(registration => registration.Key == name) && options.Name != name)
        {
            failures.Add($"The cache '{name}' has BoundedByteCacheOptions.Name '{options.Name}'; "
                + "the name of a byte cache is its key, so leave it alone or change the key.");
        }

        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }
}

/// <summary>What the registry makes byte caches from.</summary>
internal sealed class ByteCacheSources(
    IEnumerable<ByteCacheRegistration> registrations,
    IOptionsMonitor<BoundedByteCacheOptions> validated,
    IOptionsFactory<BoundedByteCacheOptions> optionsFactory)
{
    private readonly ByteCacheRegistration[] _registrations = [.. registrations];

    /// <summary>
    /// Checks all options, before any cache is made, and that no two byte caches share a name. That none of another
    /// kind has it, <see cref="CacheOptionsValidator"/> checks.
    /// </summary>
    /// <exception cref="OptionsValidationException">A setting is not allowed, or two caches share a name.</exception>
    public void Validate()
    {
        foreach (ByteCacheRegistration registration in _registrations)
        {
            _ = validated.Get(registration.OptionsName);
            if (_registrations.Count(other => other.Key == registration.Key) > 1)
            {
                throw new OptionsValidationException(
                    registration.OptionsName,
                    typeof(BoundedByteCacheOptions),
                    [$"Expected caches with different names, got two with the name '{registration.Key}'."]);
            }
        }
    }

    /// <summary>Makes the caches; the caller disposes them, also those before an exception.</summary>
    public IEnumerable<BoundedByteCache> Make(ILoggerFactory? loggerFactory, IMeterFactory? meterFactory)
    {
        ILogger logger = loggerFactory is null
            ? NullLogger.Instance
            : new ContainedLogger(loggerFactory.CreateLogger<BoundedByteCache>());
        foreach (ByteCacheRegistration registration in _registrations)
        {
            BoundedByteCacheOptions options = validated.Get(registration.OptionsName);
            var cache = new BoundedByteCache(options, loggerFactory, meterFactory);

            // Handed out first: what follows calls the application's configuration and clock, which may throw.
            yield return cache;
            ConfigurationReload.Attach(cache, registration, options, optionsFactory, logger);
            if (registration.Configuration is { } configuration && !configuration.GetChildren().Any())
            {
                Log.SectionEmpty(logger, cache.Name, CacheSettings.PathOf(configuration));
            }
        }
    }
}
