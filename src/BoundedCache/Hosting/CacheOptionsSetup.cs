using Microsoft.Extensions.Options;

namespace BoundedCache.Hosting;

/// <summary>The step that fills options in as their cache was registered: key, then section, then delegate.</summary>
internal sealed class CacheOptionsSetup(IEnumerable<CacheRegistration> registrations)
    : IConfigureNamedOptions<BoundedMemoryCacheOptions>
{
    private readonly CacheRegistration[] _registrations = [.. registrations];

    public void Configure(BoundedMemoryCacheOptions options) => Configure(Options.DefaultName, options);

    /// <exception cref="OptionsValidationException">The section holds what is not allowed.</exception>
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
