using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace BoundedCache.AspNetCore.Access;

/// <summary>
/// The check before every endpoint. Before a request is allowed nothing of it is read, not even its route's values.
/// </summary>
/// <remarks>
/// It wraps the finished endpoints, as the last of all conventions. A filter would run after the arguments are bound,
/// and a middleware would not know the conventions of the outer groups. The rules of an endpoint are read from the
/// endpoint that the request was routed to; the authorization middleware reads them there too.
/// </remarks>
internal sealed class AccessGate(AccessRules rules, RefusalLog log, string instance)
{
    /// <summary>The header of every answer that says which run of the service gave it.</summary>
    public const string InstanceHeader = "BoundedCache-Instance";

    private EndpointMetadataCollection _change = EndpointMetadataCollection.Empty;

    /// <summary>Puts the gate before an endpoint.</summary>
    public void Guard(EndpointBuilder builder)
    {
        if (builder.RequestDelegate is not { } inner)
        {
            return;
        }

        EndpointKind kind = builder.Metadata.OfType<EndpointKind>().Last();
        if (kind == EndpointKind.Change)
        {
            _change = new EndpointMetadataCollection(builder.Metadata);
        }

        builder.RequestDelegate = context => RunAsync(context, kind, inner);
    }

    /// <summary>Whether the sender of this request could send a change as well.</summary>
    public async ValueTask<bool> CanChangeAsync(HttpContext context) =>
        await rules.RefuseAsync(context, _change) is null;

    private async Task RunAsync(HttpContext context, EndpointKind kind, RequestDelegate inner)
    {
        IHeaderDictionary headers = context.Response.Headers;
        headers.CacheControl = "no-store";
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers.ContentSecurityPolicy = kind == EndpointKind.Page
            ? "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
                + "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
            : "default-src 'none'; frame-ancestors 'none'";

        EndpointMetadataCollection metadata = context.GetEndpoint()?.Metadata ?? EndpointMetadataCollection.Empty;
        Problem? refusal = await rules.RefuseAsync(context, metadata)
            ?? (kind == EndpointKind.Page ? null : CrossSite.Refuse(context));
        if (refusal is not null)
        {
            log.Note(context, refusal.Value?.Title);
            await refusal.ExecuteAsync(context);
            return;
        }

        headers[InstanceHeader] = instance;
        try
        {
            await inner(context);
        }
        catch (BadHttpRequestException exception) when (!context.Response.HasStarted)
        {
            // While the body was read, the server found it broken or too long.
            headers.Remove(HeaderNames.ContentLength);
            await Problems.Create(exception.StatusCode, $"The request could not be read: {exception.Message}")
                .ExecuteAsync(context);
        }
    }
}

/// <summary>
/// The kind of an endpoint of the admin endpoint, as metadata. It decides the policy, and what is refused before it
/// runs.
/// </summary>
internal enum EndpointKind
{
    /// <summary>The page and its files, to which links of other sites may lead.</summary>
    Page,

    /// <summary>Reads.</summary>
    Read,

    /// <summary>Changes something, or costs a pause.</summary>
    Change,
}

/// <summary>
/// Refuses requests that a page of another site made a browser send, with the user's cookies or from the user's
/// machine. Programs that are not browsers send neither header, and cannot be misused that way.
/// </summary>
internal static class CrossSite
{
    /// <summary>Says why a request is refused; null if it is allowed.</summary>
    public static Problem? Refuse(HttpContext context)
    {
        IHeaderDictionary headers = context.Request.Headers;

        // The browser's own header comes first: scripts cannot set it. A sibling domain ("same-site")
        // is not this page either.
        if (headers.TryGetValue("Sec-Fetch-Site", out var site))
        {
            return site.ToString() is "same-origin" or "none"
                ? null
                : Refusal($"the browser says '{Problems.Echo(site.ToString())}' (Sec-Fetch-Site)");
        }

        // Older browsers. The scheme is not compared: behind a proxy that ends TLS it differs. The value "null", which
        // sandboxed frames and local files send, is no origin.
        if (!headers.TryGetValue(HeaderNames.Origin, out var origin)
            || IsOwn(origin.ToString(), context.Request.Host))
        {
            return null;
        }

        return Refusal(
            $"expected the origin that Host '{Problems.Echo(context.Request.Host.ToString())}' names, "
                + $"got Origin '{Problems.Echo(origin.ToString())}'. Where this is the admin page itself, a proxy "
                + "before the service has changed Host: let it pass Host on (nginx: proxy_set_header Host $http_host)");
    }

    private static bool IsOwn(string origin, HostString own) =>
        Uri.TryCreate(origin, UriKind.Absolute, out Uri? uri)
        && uri.Host.Equals(own.Host, StringComparison.OrdinalIgnoreCase)
        && (own.Port is { } port ? port == uri.Port : uri.IsDefaultPort);

    private static Problem Refusal(string why) => Problems.Create(
        StatusCodes.Status403Forbidden,
        $"The request comes from a page of another origin: {why}. Send it from the admin page itself, "
            + "or from a program that is no browser.",
        "Cross-site request");
}
