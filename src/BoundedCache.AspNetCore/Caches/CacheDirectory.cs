using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;

namespace BoundedCache.AspNetCore.Caches;

/// <summary>
/// The caches of the application, by the names that requests give. The first use, which may be here, creates
/// them.
/// </summary>
internal sealed class CacheDirectory(IServiceProvider services)
{
    /// <summary>
    /// The query parameter that may name the cache instead of the path: some names (<c>.</c>, <c>..</c>, <c>a/b</c>)
    /// do not survive in a path, because clients and proxies change it.
    /// </summary>
    private const string NameParameter = "name";

    /// <summary>All caches, in the order of the registry.</summary>
    /// <exception cref="ObjectDisposedException">The application's container is disposed.</exception>
    public IReadOnlyList<IBoundedCache> All => Registry.Caches;

    private BoundedMemoryCacheRegistry Registry => services.GetRequiredService<BoundedMemoryCacheRegistry>();

    /// <summary>Finds the cache that a request is for.</summary>
    /// <param name="context">The request.</param>
    /// <param name="segment">The part of its path that is a name.</param>
    /// <param name="cache">The cache.</param>
    /// <returns>Why the request is refused: there is no such cache. Null if there is.</returns>
    public Problem? Refuse(HttpContext context, string segment, out IBoundedCache cache)
    {
        BoundedMemoryCacheRegistry registry = Registry;
        string name = context.Request.Query.TryGetValue(NameParameter, out var given) && given.Count == 1
            ? given.ToString()
            : NameOf(segment, context);
        return registry.TryGet(name, out cache!) ? null : Problems.UnknownCache(name, registry.Names);
    }

    /// <summary>
    /// Decodes a segment. Servers decode all of it but an encoded slash, so <c>a%2Fb</c> can be the name <c>a/b</c>, or
    /// the name <c>a%2Fb</c> whose percent sign was encoded. What the client sent tells them apart.
    /// </summary>
    private static string NameOf(string segment, HttpContext context)
    {
        if (!segment.Contains("%2F", StringComparison.OrdinalIgnoreCase))
        {
            return segment;
        }

        string? target = context.Features.Get<IHttpRequestFeature>()?.RawTarget;
        bool isLiteral = target?.Split('?')[0].Split('/')
            .Any(raw => Uri.UnescapeDataString(raw).Equals(segment, StringComparison.Ordinal)) == true;
        return isLiteral ? segment : segment.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);
    }
}
