using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace BoundedCache.AspNetCore.Access;

/// <summary>What stands before every endpoint: nothing of a request is read, not even its route's values, before it is known that it may be answered.</summary>
/// <remarks>
/// It wraps the finished endpoints, as the last of all conventions. A filter would run after the arguments are bound, and a middleware would not know the
/// conventions of the groups around.
/// </remarks>
internal sealed class AccessGate(AccessRules rules)
{
    private EndpointMetadataCollection _change = EndpointMetadataCollection.Empty;

    /// <summary>Puts the gate before an endpoint.</summary>
    public void Guard(EndpointBuilder builder)
    {
        if (builder.RequestDelegate is not { } inner)
        {
            return;
        }

        var metadata = new EndpointMetadataCollection(builder.Metadata);
        EndpointKind kind = metadata.OfType<EndpointKind>().Last();
        if (kind == EndpointKind.Change)
        {
            _change = metadata;
        }

        builder.RequestDelegate = context => RunAsync(context, metadata, kind, inner);
    }

    /// <summary>Whether who sent a request could send a change as well.</summary>
    public async ValueTask<bool> CanChangeAsync(HttpContext context) => await rules.RefuseAsync(context, _change) is null;

    private async Task RunAsync(HttpContext context, EndpointMetadataCollection metadata, EndpointKind kind, RequestDelegate inner)
    {
        IHeaderDictionary headers = context.Response.Headers;
        headers.CacheControl = "no-store";
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers.ContentSecurityPolicy = kind == EndpointKind.Page
            ? "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
            : "default-src 'none'; frame-ancestors 'none'";

        Problem? refusal = await rules.RefuseAsync(context, metadata) ?? (kind == EndpointKind.Page ? null : CrossSite.Refuse(context));
        if (refusal is not null)
        {
            await refusal.ExecuteAsync(context);
            return;
        }

        try
        {
            await inner(context);
        }
        catch (BadHttpRequestException exception) when (!context.Response.HasStarted)
        {
            // The server found the body broken or too long while it was read.
            headers.Remove(HeaderNames.ContentLength);
            await Problems.Of(exception.StatusCode, $"The request could not be read: {exception.Message}").ExecuteAsync(context);
        }
    }
}
