using System.Net.Http.Headers;
using System.Security.Claims;
using System.Text;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace BoundedCache.AdminDashboard.Authentication;

/// <summary>
/// The authentication scheme. Programs send the key in the header <c>X-Api-Key</c>. Browsers send it as the password of
/// basic authentication, under any user name; they ask for it when they open the page.
/// </summary>
/// <remarks>
/// Browsers add the password to requests that other sites make them send. The admin endpoint refuses
/// changes from other sites; your own endpoints must do so, too. Keys are sent as plain text: use TLS wherever the
/// connection leaves the machine.
/// </remarks>
internal sealed class ApiKeyHandler(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder, ApiKeys keys)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    public const string SchemeName = "ApiKey";
    public const string HeaderName = "X-Api-Key";

    protected override Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (FindKey() is not { } key)
        {
            return Task.FromResult(AuthenticateResult.NoResult());
        }

        if (keys.RoleOf(key) is not { } role)
        {
            return Task.FromResult(AuthenticateResult.Fail("The API key is none of this service's."));
        }

        var identity = new ClaimsIdentity(
            [new Claim(ClaimTypes.Name, role), new Claim(ClaimTypes.Role, role)], SchemeName);
        return Task.FromResult(
            AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(identity), SchemeName)));
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        Response.Headers.WWWAuthenticate =
            "Basic realm=\"BoundedCache admin: any user name, the key as password\", charset=\"UTF-8\"";
        return base.HandleChallengeAsync(properties);
    }

    private string? FindKey()
    {
        if (Request.Headers.TryGetValue(HeaderName, out var values))
        {
            return values.Count == 1 ? values[0] : string.Empty;
        }

        if (!AuthenticationHeaderValue.TryParse(
            Request.Headers[HeaderNames.Authorization], out AuthenticationHeaderValue? basic)
            || !string.Equals(basic.Scheme, "Basic", StringComparison.OrdinalIgnoreCase)
            || basic.Parameter is null)
        {
            return null;
        }

        byte[] decoded = new byte[basic.Parameter.Length];
        if (!Convert.TryFromBase64String(basic.Parameter, decoded, out int length))
        {
            return string.Empty;
        }

        string credentials = Encoding.UTF8.GetString(decoded, 0, length);
        int colon = credentials.IndexOf(':', StringComparison.Ordinal);
        return colon < 0 ? string.Empty : credentials[(colon + 1)..];
    }
}
