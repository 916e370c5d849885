using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace BoundedCache.AspNetCore.Access;

/// <summary>
/// What stands before every endpoint: nothing of a request is read, not even its route's values, before it is known
/// that it may be answered.
/// </summary>
/// <remarks>
/// It wraps the finished endpoints, as the last of all conventions. A filter would run after the arguments are bound,
/// and a middleware would not know the conventions of the groups around. Whom an endpoint admits is read from the
/// endpoint that a request was routed to, which is what the authorization middleware reads as well.
/// </remarks>
internal sealed class AccessGate(AccessRules rules, RefusalLog log)
{
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

    /// <summary>Whether who sent a request could send a change as well.</summary>
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

        try
        {
            await inner(context);
        }
        catch (BadHttpRequestException exception) when (!context.Response.HasStarted)
        {
            // The server found the body broken or too long while it was read.
            headers.Remove(HeaderNames.ContentLength);
            await Problems.Create(exception.StatusCode, $"The request could not be read: {exception.Message}")
                .ExecuteAsync(context);
        }
    }
}
