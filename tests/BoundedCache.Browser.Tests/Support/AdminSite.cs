using System.Net;
using BoundedCache.AspNetCore;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace BoundedCache.Browser.Tests.Support;

/// <summary>A real server on loopback with two real caches and the admin endpoint.</summary>
internal sealed class AdminSite : IAsyncDisposable
{
    public const string FirstName = "catalog";
    public const string SecondName = "sessions";
    public const long MaxMemory = 16 << 20;
    private const int ValueBytes = 4000;

    private readonly WebApplication _application;

    private AdminSite(WebApplication application)
    {
        _application = application;
        First = application.Services.GetRequiredService<BoundedMemoryCache>();
        Second = application.Services.GetRequiredKeyedService<BoundedMemoryCache>(SecondName);
        PageAddress = new Uri($"{application.Urls.Single()}/admin/cache/");
    }

    public IServiceProvider Services => _application.Services;

    public BoundedMemoryCache First { get; }

    public BoundedMemoryCache Second { get; }

    public Uri PageAddress { get; }

    /// <summary>Starts one, with both caches half full.</summary>
    /// <param name="port">The port; 0 for any that is free.</param>
    /// <param name="maxMemory">The limit of the first cache, in bytes.</param>
    /// <param name="mayChange">Whether those who look may also change.</param>
    /// <param name="configure">Changes the settings of the endpoint.</param>
    /// <param name="services">What the application registers besides the two caches.</param>
    public static async Task<AdminSite> StartAsync(
        int port = 0,
        long maxMemory = MaxMemory,
        bool mayChange = true,
        Action<BoundedCacheAdminOptions>? configure = null,
        Action<IServiceCollection>? services = null)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port));
        builder.Services.AddBoundedMemoryCache(
            options => (options.Name, options.MaxMemory, options.TrackStatistics) = (FirstName, maxMemory, true));
        builder.Services.AddKeyedBoundedMemoryCache(SecondName, static options => options.MaxMemory = MaxMemory);
        services?.Invoke(builder.Services);
        builder.Services.AddAuthorizationBuilder()
            .AddPolicy("everybody", static policy => policy.RequireAssertion(static _ => true))
            .AddPolicy("nobody", static policy => policy.RequireAssertion(static _ => false));

        WebApplication application = builder.Build();
        application.UseAuthorization();
        application.MapBoundedCacheAdmin("/admin/cache", options =>
        {
            options.ReadPolicy = "everybody";
            options.ChangePolicy = mayChange ? "everybody" : "nobody";
            options.SampleInterval = TimeSpan.FromMilliseconds(200);
            configure?.Invoke(options);
        });
        await application.StartAsync();

        var site = new AdminSite(application);
        Fill(site.First, Math.Min(maxMemory, MaxMemory) / 2);
        Fill(site.Second, MaxMemory / 2);
        return site;
    }

    /// <summary>Adds entries until a cache has used at least so many bytes.</summary>
    public static void Fill(BoundedMemoryCache cache, long usedBytes)
    {
        for (int i = cache.Count; cache.UsedMemory < usedBytes; i++)
        {
            cache.Set($"entry:{i}", new byte[ValueBytes]);
        }
    }

    public async ValueTask DisposeAsync() => await _application.DisposeAsync();
}
