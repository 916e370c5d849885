using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace BoundedCache.AspNetCore.Tests.Support;

/// <summary>
/// A request for every address and method that an application's admin endpoint has, right and wrong ones, as
/// its own routes list them.
/// </summary>
internal static class EveryRequest
{
    private static readonly string[] s_methods = ["GET", "HEAD", "PUT", "POST", "DELETE", "PATCH", "OPTIONS"];

    /// <summary>Method and path below the prefix.</summary>
    public static IReadOnlyList<(HttpMethod Method, string Path)> From(AdminHost host)
    {
        string[] paths =
        [
            .. host.App.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
                .Select(static endpoint => endpoint.RoutePattern.RawText!)
                .Where(static pattern => pattern.StartsWith("/admin/cache", StringComparison.Ordinal))
                .Select(static pattern => pattern["/admin/cache".Length..].TrimStart('/')
                    .Replace("{name}", "default", StringComparison.Ordinal)
                    .Replace("{id}", "0", StringComparison.Ordinal)
                    .Replace("{**file}", "page.js", StringComparison.Ordinal)
                    .Replace("{**path}", "nothing/here", StringComparison.Ordinal))
                .Distinct(),
        ];
        return [.. s_methods.SelectMany(method => paths.Select(path => (new HttpMethod(method), path)))];
    }
}
