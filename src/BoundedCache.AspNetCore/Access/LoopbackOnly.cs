using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace BoundedCache.AspNetCore.Access;

/// <summary>
/// The judgement whether a request comes straight from a program on this machine: from the connection's own addresses,
/// never from what the request says of itself.
/// </summary>
internal static class LoopbackOnly
{
    /// <summary>Says why a request is not one, in a sentence; null where it is.</summary>
    public static string? WhyNot(HttpContext context)
    {
        ConnectionInfo connection = context.Connection;
        if (!IsLoopback(connection.RemoteIpAddress))
        {
            return connection.RemoteIpAddress is null
                ? "This connection has no address."
                : "This connection comes from another address.";
        }

        // Who talks to another of the machine's addresses came through the network, or through
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
