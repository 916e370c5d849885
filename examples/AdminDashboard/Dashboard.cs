using System.Net;
using BoundedCache.AdminDashboard.Authentication;
using BoundedCache.AdminDashboard.Load;
using BoundedCache.Examples;
using OpenTelemetry.Metrics;

namespace BoundedCache.AdminDashboard;

/// <summary>The service: two caches, the load on them, and the admin endpoint.</summary>
internal static class Dashboard
{
    public const string AdminPath = "/admin/cache";
    public const string Sessions = "sessions";

    /// <summary>Runs until it is stopped.</summary>
    /// <exception cref="IOException">The port is taken.</exception>
    /// <exception cref="InvalidOperationException">The keys in the configuration cannot be used.</exception>
    public static async Task RunAsync(DashboardOptions options, CancellationToken cancellationToken)
    {
        // The settings file is beside the program, not in the working directory.
        WebApplicationBuilder builder = WebApplication.CreateBuilder(
            new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, options.Port));

        builder.Services.AddBoundedMemoryCache(builder.Configuration.GetSection("Caches:Catalog"));
        builder.Services.AddKeyedBoundedMemoryCache(Sessions, builder.Configuration.GetSection("Caches:Sessions"));
        builder.Services.AddSingleton(options);
        builder.Services.AddHostedService<CacheLoad>();
        builder.Services.AddOpenApi();
        builder.Services.AddProblemDetails();
        builder.Services.AddHealthChecks().AddBoundedCache();
        AddMetrics(builder, options);

        ApiKeys? keys = options.IsAuthenticated ? ApiKeys.From(builder.Configuration.GetSection("Auth")) : null;
        if (keys is not null)
        {
            builder.Services.AddApiKeys(keys);
        }

        await using WebApplication app = builder.Build();
        app.UseStatusCodePages();   // 401 and 403 as problems, too
        app.MapOpenApi();
        app.MapHealthChecks("/health");
        if (keys is not null)
        {
            app.UseAuthentication();
            app.UseAuthorization();
            app.MapBoundedCacheAdmin(AdminPath, static admin =>
            {
                admin.ReadPolicy = ApiKeys.ReadPolicy;
                admin.ChangePolicy = ApiKeys.ChangePolicy;
            });
        }
        else
        {
            // this machine only, and no proxy in front
            app.MapBoundedCacheAdmin(AdminPath, static admin => admin.AllowLoopback = true);
        }

        if (options.HasPrometheus)
        {
            app.MapPrometheusScrapingEndpoint();
        }

        PortCheck.ThrowIfTaken(options.Port);
        await app.StartAsync(cancellationToken);
        Announce(app.Urls.Single(), keys);
        await app.WaitForShutdownAsync(cancellationToken);
    }

    /// <summary>
    /// Exports the metrics of the caches: to an OTLP collector where the environment names one, and for Prometheus
    /// where an option says so.
    /// </summary>
    private static void AddMetrics(WebApplicationBuilder builder, DashboardOptions options)
    {
        bool hasCollector = builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"] is { Length: > 0 };
        if (!hasCollector && !options.HasPrometheus)
        {
            return;
        }

        builder.Services.AddOpenTelemetry().WithMetrics(metrics =>
        {
            metrics.AddMeter("BoundedCache", "System.Runtime");
            if (hasCollector)
            {
                metrics.AddOtlpExporter();
            }

            if (options.HasPrometheus)
            {
                metrics.AddPrometheusExporter();
            }
        });
    }

    private static void Announce(string address, ApiKeys? keys)
    {
        Console.WriteLine($"Admin page: {address}{AdminPath}/");
        Console.WriteLine($"OpenAPI document: {address}/openapi/v1.json");
        if (keys is { AreGenerated: true })
        {
            Console.WriteLine($"Key that may read: {keys.Reader}");
            Console.WriteLine($"Key that may change: {keys.Changer}");
        }
    }
}
