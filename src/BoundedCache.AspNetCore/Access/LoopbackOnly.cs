using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace BoundedCache.AspNetCore.Access;

/// <summary>
/// Decides whether a request comes directly from a program on this machine. It trusts the connection's own addresses,
/// never what the request says about itself.
/// </summary>
internal static class LoopbackOnly
{
    /// <summary>Says in a sentence why a request is not direct; null if it is.</summary>
    public static string? WhyNot(HttpContext context)
    {
        ConnectionInfo connection = context.Connection;
        if (!IsLoopback(connection.RemoteIpAddress))
        {
            return connection.RemoteIpAddress is null
                ? "This connection has no address."
                : "This connection comes from another address.";
        }

        // A request to another of the machine's addresses came through the network, or through
        // something that forwards to it.
        if (!IsLoopback(connection.LocalIpAddress))
        {
            return "This connection is to an address of this machine that others can reach.";
        }

        if (ForwardingHeaders.Find(
            context.Request.Headers,
            context.RequestServices.GetService<IOptions<ForwardedHeadersOptions>>()?.Value) is { } header)
        {
            return $"This request has passed a proxy, for it carries {header}.";
        }

        // A page of another site can make its own name mean 127.0.0.1 (DNS rebinding). Its requests come from the
        // browser on this machine, but carry that name.
        return IsLoopbackName(context.Request.Host.Host)
            ? null
            : "This request is for another host name than localhost, 127.0.0.1 or [::1].";
    }

    private static bool IsLoopback(IPAddress? address) =>
        address is not null && IPAddress.IsLoopback(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address);

    private static bool IsLoopbackName(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host.AsSpan().Trim("[]"), out IPAddress? address) && IsLoopback(address));
}

/// <summary>
/// The headers that show that a request was forwarded: those that proxies and gateways add, and those that ASP.NET Core
/// leaves after it has applied them.
/// </summary>
internal static class ForwardingHeaders
{
    /// <summary>
    /// The beginnings of header names. The forwarded headers middleware rewrites the connection's address and moves
    /// what it used to <c>X-Original-For</c> and similar headers.
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

    /// <summary>Finds a forwarding header in a request.</summary>
    /// <param name="headers">The request's headers.</param>
    /// <param name="configured">The application's own names for such headers; null for the usual ones.</param>
    /// <returns>The header's usual name or beginning; null if there is none.</returns>
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
