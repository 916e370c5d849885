using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace BoundedCache.AspNetCore.Access;

/// <summary>
/// Logs refused requests, at most once a minute, with the number of those not logged, so that requests cannot fill the
/// log. Thread-safe.
/// </summary>
internal sealed class RefusalLog(TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan s_window = TimeSpan.FromMinutes(1);
    private readonly Lock _lock = new();
    private long? _last;
    private long _unlogged;

    public void Note(HttpContext context, string? reason)
    {
        long unlogged;
        lock (_lock)
        {
            if (_last is { } last && time.GetElapsedTime(last) < s_window)
            {
                _unlogged++;
                return;
            }

            (_last, unlogged, _unlogged) = (time.GetTimestamp(), _unlogged, 0);
        }

        Log.Refused(logger, Requester.Describe(context), Problems.Echo(context.Request.Method), reason, unlogged);
    }
}

/// <summary>Describes the sender of a request, for the log: the user, if any, and the connection's address.</summary>
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
