using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace BoundedCache.AspNetCore.Access;

/// <summary>
/// The refusal of what a browser sends because a page of another site told it to, with the user's cookies or from the
/// user's machine. Programs that are no browsers send neither header, and cannot be misused that way.
/// </summary>
internal static class CrossSite
{
    /// <summary>Says why a request is refused; null where it is not.</summary>
    public static Problem? Refuse(HttpContext context)
    {
        IHeaderDictionary headers = context.Request.Headers;

        // The browser's own word comes first: scripts cannot set it. A sibling domain ("same-site")
        // is not this page either.
        if (headers.TryGetValue("Sec-Fetch-Site", out var site))
        {
            return site.ToString() is "same-origin" or "none" ? null : Refusal();
        }

        // Older browsers. The scheme is not compared: behind a proxy that ends TLS it differs. "null", of sandboxed
        // frames and local files, is no origin.
        return !headers.TryGetValue(HeaderNames.Origin, out var origin)
            || IsOwn(origin.ToString(), context.Request.Host) ? null : Refusal();
    }

    private static bool IsOwn(string origin, HostString own) =>
        Uri.TryCreate(origin, UriKind.Absolute, out Uri? uri)
        && uri.Host.Equals(own.Host, StringComparison.OrdinalIgnoreCase)
        && (own.Port is { } port ? port == uri.Port : uri.IsDefaultPort);

    private static Problem Refusal() => Problems.Create(
        StatusCodes.Status403Forbidden,
        "The request comes from a page of another origin. Send it from the admin page itself, "
            + "or from a program that is no browser.",
        "Cross-site request");
}
