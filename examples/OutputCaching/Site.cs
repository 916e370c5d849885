using System.Net;
using BoundedCache.Examples;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.OutputCaching;

namespace BoundedCache.OutputCaching;

/// <summary>The service: pages that output caching keeps, and the admin endpoint.</summary>
internal static class Site
{
    public const string AdminPath = "/admin/cache";

    private const string Tag = "pages";

    /// <summary>Runs until it is stopped.</summary>
    /// <exception cref="IOException">The port is taken.</exception>
    public static async Task RunAsync(int port, CancellationToken cancellationToken)
    {
        PortCheck.ThrowIfTaken(port);
        WebApplicationBuilder builder = WebApplication.CreateBuilder(
            new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port));
        builder.Services.AddOutputCache();
        // Keeps what output caching stores, within the limit in the settings file, which it follows.
        builder.Services.AddBoundedOutputCache(configuration: builder.Configuration.GetSection("Pages"));
        builder.Services.AddSingleton<PageWriter>();

        await using WebApplication app = builder.Build();
        app.UseOutputCache();
        app.MapGet("/pages/{id:int}", static (int id, PageWriter writer, string language = "en") =>
                TypedResults.Content(writer.Render(id, language), "text/html; charset=utf-8"))
            .CacheOutput(static policy => policy.Tag(Tag).SetVaryByQuery("language").Expire(TimeSpan.FromHours(1)));
        app.MapDelete("/pages", static async Task<NoContent> (IOutputCacheStore store, CancellationToken aborted) =>
        {
            await store.EvictByTagAsync(Tag, aborted);
            return TypedResults.NoContent();
        });
        // This machine only, and no proxy in front.
        app.MapBoundedCacheAdmin(AdminPath, static admin => admin.AllowLoopback = true);

        await app.StartAsync(cancellationToken);
        string address = app.Urls.Single();
        Console.WriteLine($"A page: {address}/pages/7?language=en");
        Console.WriteLine($"Admin page: {address}{AdminPath}/");
        await app.WaitForShutdownAsync(cancellationToken);
    }
}
