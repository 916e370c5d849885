using BoundedCache.Engine;
using BoundedCache.TestSupport;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace BoundedCache.Tests.Hosting;

/// <summary>
/// A container with a cache that follows the section "Cache" of a configuration, on a clock that stands still.
/// </summary>
internal sealed class ServiceUnderTest : IDisposable
{
    private readonly ServiceProvider _provider;

    public ServiceUnderTest(string? maxMemory = "1000", Action<BoundedMemoryCacheOptions>? configure = null)
    {
        Configuration = new ConfigurationBuilder().AddInMemoryCollection().Build();
        Configuration["Cache:MaxMemory"] = maxMemory;
        Configuration["Cache:ReleaseMode"] = "None";
        _provider = new ServiceCollection()
            .AddSingleton<ILoggerFactory>(Log)
            .AddBoundedMemoryCache(Configuration.GetSection("Cache"), options =>
            {
                options.TimeProvider = Time;
                configure?.Invoke(options);
            })
            .BuildServiceProvider();
    }

    public IConfigurationRoot Configuration { get; }

    public ManualTimeProvider Time { get; } = new();

    public RecordingLog Log { get; } = new();

    public BoundedMemoryCache Cache => _provider.GetRequiredService<BoundedMemoryCache>();

    public IServiceProvider Services => _provider;

    /// <summary>Changes settings, and makes the cache notice them.</summary>
    public void Reload(params (string Setting, string? Value)[] settings)
    {
        ChangeOnly(settings);
        Time.Advance(TimeSpan.FromSeconds(1));
    }

    /// <summary>Changes settings, and stops before the cache notices them.</summary>
    public void ChangeOnly(params (string Setting, string? Value)[] settings)
    {
        foreach ((string setting, string? value) in settings)
        {
            Configuration[$"Cache:{setting}"] = value;
        }

        Configuration.Reload();
    }

    public void Dispose()
    {
        InvariantChecker.Check(Cache.Engine);
        _provider.Dispose();
        Assert.Equal(0, Time.ActiveTimers);
    }
}
