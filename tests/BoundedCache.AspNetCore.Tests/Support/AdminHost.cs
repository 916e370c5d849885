using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace BoundedCache.AspNetCore.Tests.Support;

/// <summary>
/// An application with two caches, "default" and "pages", and an admin endpoint, in this process and without a network.
/// Connections come from where a test says; unless it says, straight over loopback.
/// </summary>
internal sealed class AdminHost : IAsyncDisposable
{
    private AdminHost(WebApplication app) => App = app;

    public WebApplication App { get; }

    public HttpClient Client { get; private set; } = null!;

    public BoundedMemoryCache Default => App.Services.GetRequiredService<BoundedMemoryCache>();

    public BoundedMemoryCache Pages => App.Services.GetRequiredKeyedService<BoundedMemoryCache>("pages");

    public LogLines Log => App.Services.GetRequiredService<LogLines>();

    /// <summary>The addresses that connections have; null for what the server says.</summary>
    public IPAddress? RemoteAddress { get; set; } = IPAddress.Loopback;

    public IPAddress? LocalAddress { get; set; } = IPAddress.Loopback;

    /// <summary>Starts an application.</summary>
    /// <param name="options">The endpoint's options; null for loopback alone.</param>
    /// <param name="services">What the application registers besides caches.</param>
    /// <param name="before">Middleware before the endpoint, and anything else that an application does.</param>
    /// <param name="map">How it is mapped; null for plainly.</param>
    public static async Task<AdminHost> StartAsync(
        Action<BoundedCacheAdminOptions>? options = null,
        Action<IServiceCollection>? services = null,
        Action<WebApplication>? before = null,
        Action<WebApplication, Action<BoundedCacheAdminOptions>>? map = null)
    {
        AdminHost host = Make(options, services, before, map);
        await host.App.StartAsync();
        host.Client = host.App.GetTestClient();
        return host;
    }

    /// <summary>The same, not started.</summary>
    public static AdminHost Make(
        Action<BoundedCacheAdminOptions>? options = null,
        Action<IServiceCollection>? services = null,
        Action<WebApplication>? before = null,
        Action<WebApplication, Action<BoundedCacheAdminOptions>>? map = null)
    {
        AdminHost host = new(Build(services, static web => web.UseTestServer()));
        host.App.Use((context, next) =>
        {
            context.Connection.RemoteIpAddress = host.RemoteAddress;
            context.Connection.LocalIpAddress = host.LocalAddress;
            return next(context);
        });
        before?.Invoke(host.App);
        Action<BoundedCacheAdminOptions> configured = options ?? (static all => all.AllowLoopback = true);
        if (map is null)
        {
            host.App.MapBoundedCacheAdmin("/admin/cache", configured);
        }
        else
        {
            map(host.App, configured);
        }

        return host;
    }

    public static WebApplication Build(Action<IServiceCollection>? services, Action<IWebHostBuilder> server)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(
            new WebApplicationOptions { EnvironmentName = "Production" });
        builder.Logging.ClearProviders();
        var log = new LogLines();
        builder.Services.AddSingleton(log);
        builder.Logging.AddProvider(log);
        builder.Services.AddBoundedMemoryCache(static cache =>
            (cache.MaxMemory, cache.TrackStatistics, cache.ReleaseMode) = (1 << 20, true, ReleaseMode.None));
        builder.Services.AddKeyedBoundedMemoryCache(
            "pages", static cache => (cache.MaxMemory, cache.ReleaseMode) = (1 << 20, ReleaseMode.None));
        services?.Invoke(builder.Services);
        server(builder.WebHost);
        return builder.Build();
    }

    /// <summary>Sends a request to the API.</summary>
    /// <param name="method">The method.</param>
    /// <param name="path">The address below the endpoint's prefix.</param>
    /// <param name="body">The body as it is sent, as JSON; null for none.</param>
    /// <param name="headers">More headers, <c>name: value</c>.</param>
    public async Task<Answer> SendAsync(HttpMethod method, string path, string? body = null, params string[] headers)
    {
        using HttpRequestMessage request = new(method, $"/admin/cache/{path}");
        if (body is not null)
        {
            request.Content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        }

        foreach (string header in headers)
        {
            string[] parts = header.Split(": ", 2);
            if (!request.Headers.TryAddWithoutValidation(parts[0], parts[1]))
            {
                request.Content!.Headers.Remove(parts[0]);
                request.Content.Headers.TryAddWithoutValidation(parts[0], parts[1]);
            }
        }

        using HttpResponseMessage response = await Client.SendAsync(request);
        return await Answer.OfAsync(response);
    }

    public Task<Answer> GetAsync(string path, params string[] headers) =>
        SendAsync(HttpMethod.Get, path, null, headers);

    public Task<Answer> PutAsync(string path, string body, params string[] headers) =>
        SendAsync(HttpMethod.Put, path, body, headers);

    public Task<Answer> PostAsync(string path, string body, params string[] headers) =>
        SendAsync(HttpMethod.Post, path, body, headers);

    public async ValueTask DisposeAsync()
    {
        Client?.Dispose();
        await App.DisposeAsync();
    }
}
