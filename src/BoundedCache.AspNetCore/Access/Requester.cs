using Microsoft.AspNetCore.Http;

namespace BoundedCache.AspNetCore.Access;

/// <summary>Who sent a request, for the log: the user where there is one, and the address of the connection.</summary>
internal static class Requester
{
    public static string Describe(HttpContext context)
    {
        string address = context.Connection.RemoteIpAddress?.ToString() ?? "a connection without an address";
        return context.User.Identity is { IsAuthenticated: true } identity
            ? $"{(string.IsNullOrEmpty(identity.Name) ? "a user without a name" : Problems.Echo(identity.Name))} "
                + $"({address})"
            : address;
    }
}
