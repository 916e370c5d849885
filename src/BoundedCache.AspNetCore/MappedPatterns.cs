using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;

namespace BoundedCache.AspNetCore;

/// <summary>
/// The patterns at which admin endpoints are mapped. Routing would answer requests to a pattern that is mapped twice
/// with an exception that does not say what to do.
/// </summary>
internal static class MappedPatterns
{
    /// <summary>Where <c>UseRouting</c> notes the route builder of a pipeline.</summary>
    private const string BuilderProperty = "__EndpointRouteBuilder";

    private const string Advice =
        "Map it once, or give the second one another pattern. One endpoint serves all caches, and several hosts with "
            + "RequireHost(\"a\", \"b\").";

    private static readonly ConditionalWeakTable<IEndpointRouteBuilder, HashSet<string>> s_patterns = [];

    private static readonly ConditionalWeakTable<object, ConcurrentDictionary<string, CacheAdmin>> s_pages = [];

    /// <summary>Notes a pattern as it is written, at once.</summary>
    /// <exception cref="InvalidOperationException">It is mapped already on this builder.</exception>
    public static void Add(IEndpointRouteBuilder endpoints, string pattern)
    {
        HashSet<string> patterns = s_patterns.GetValue(
            endpoints, static _ => new HashSet<string>(StringComparer.OrdinalIgnoreCase));
        if (!patterns.Add(pattern.Trim('/')))
        {
            throw new InvalidOperationException(
                $"Expected one admin endpoint at a pattern, got a second MapBoundedCacheAdmin(\"{pattern}\"). "
                    + Advice);
        }
    }

    /// <summary>
    /// Notes a page with the prefixes of all groups around it, the hosts that it is for, and its order among endpoints.
    /// All are known only when the endpoints are built, which is at the first request, and may happen again.
    /// </summary>
    /// <param name="page">The endpoint of the page.</param>
    /// <param name="endpoints">Where the admin endpoint was mapped.</param>
    /// <param name="admin">The admin endpoint.</param>
    public static void NoteWhenBuilt(IEndpointConventionBuilder page, IEndpointRouteBuilder endpoints, CacheAdmin admin)
    {
        object pipeline = PipelineOf(endpoints);
        page.Finally(built => Note(pipeline, built, admin));
    }

    private static void Note(object pipeline, EndpointBuilder built, CacheAdmin admin)
    {
        // A group whose prefix was not written as text is not in the text of the whole pattern.
        if (built is not RouteEndpointBuilder { RoutePattern: { RawText: { } text } route, Order: var order }
            || text.Split('/', StringSplitOptions.RemoveEmptyEntries).Length != route.PathSegments.Count)
        {
            return;
        }

        ConcurrentDictionary<string, CacheAdmin> pages = s_pages.GetValue(
            pipeline, static _ => new ConcurrentDictionary<string, CacheAdmin>(StringComparer.OrdinalIgnoreCase));
        string pattern = $"/{text.Trim('/')}";
        foreach (string host in built.Metadata.OfType<IHostMetadata>().LastOrDefault()?.Hosts is { Count: > 0 } hosts
            ? hosts
            : [""])
        {
            if (pages.GetOrAdd($"{order} {host}{pattern}", admin) != admin)
            {
                throw new InvalidOperationException(
                    $"Expected one admin endpoint at a pattern, got two calls of MapBoundedCacheAdmin that map "
                        + $"\"{pattern}\"{(host.Length > 0 ? $" for the host \"{host}\"" : "")}, "
                        + $"counting the prefixes of the route groups around them. {Advice}");
            }
        }
    }

    /// <summary>
    /// Branches of a pipeline have the same services, and may each have an endpoint at the same pattern.
    /// </summary>
    private static object PipelineOf(IEndpointRouteBuilder endpoints) =>
        endpoints.CreateApplicationBuilder().Properties.TryGetValue(BuilderProperty, out object? root)
            && root is not (null or WebApplication)
            ? root
            : endpoints.ServiceProvider;
}
