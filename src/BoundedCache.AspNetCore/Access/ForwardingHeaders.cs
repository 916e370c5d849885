using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace BoundedCache.AspNetCore.Access;

/// <summary>
/// The headers by which a request shows that it was forwarded: those of proxies and gateways, and those that ASP.NET
/// Core leaves where it believed them.
/// </summary>
internal static class ForwardingHeaders
{
    /// <summary>
    /// Beginnings of names. The forwarded headers middleware rewrites the connection's address and moves what it used
    /// to <c>X-Original-For</c> and the like.
    /// </summary>
    private static readonly string[] s_beginnings =
    [
        "X-Forward", "X-Original-", "X-Envoy-", "X-Proxy", "X-ARR-", "X-Appengine-", "X-Azure-", "MS-ASPNETCORE-",
        "CF-", "Proxy-",
    ];

    private static readonly HashSet<string> s_names = new(StringComparer.OrdinalIgnoreCase)
    {
        "Forwarded", "Via", "X-Real-IP", "X-Client-IP", "X-Cluster-Client-IP", "X-Remote-IP", "X-Remote-Addr",
        "X-Rewrite-URL", "X-Host", "Client-IP", "True-Client-IP",
        "Fastly-Client-IP", "Fly-Client-IP", "X-Amzn-Trace-Id", "CDN-Loop", "Max-Forwards",
    };

    /// <summary>Finds one in a request.</summary>
    /// <param name="headers">The request's headers.</param>
    /// <param name="configured">The application's own names for such headers; null for the usual ones.</param>
    /// <returns>The header's usual name or beginning; null where there is none.</returns>
    public static string? Find(IHeaderDictionary headers, ForwardedHeadersOptions? configured)
    {
        foreach (string name in headers.Keys)
        {
            if (s_names.TryGetValue(name, out string? known)
                || (known = Array.Find(s_beginnings, beginning =>
                    name.StartsWith(beginning, StringComparison.OrdinalIgnoreCase))) is not null)
            {
                return known;
            }

            if (configured is not null && NamesOf(configured).Contains(name, StringComparer.OrdinalIgnoreCase))
            {
                return "a forwarding header of this application";
            }
        }

        return null;
    }

    private static string[] NamesOf(ForwardedHeadersOptions options) =>
    [
        options.ForwardedForHeaderName, options.ForwardedHostHeaderName, options.ForwardedProtoHeaderName,
        options.ForwardedPrefixHeaderName,
        options.OriginalForHeaderName, options.OriginalHostHeaderName, options.OriginalProtoHeaderName,
        options.OriginalPrefixHeaderName,
    ];
}
