using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace BoundedCache.AspNetCore.Tests.Support;

/// <summary>An authentication scheme that believes its header: <c>Authorization: Test name role</c>.</summary>
internal sealed class TestUsers(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    public const string Scheme_ = "Test";
    public const string Reader = "Authorization: Test rita reader";
    public const string Operator = "Authorization: Test oscar operator";

    /// <summary>
    /// Adds the scheme, and the policies <c>read</c> (readers and operators) and <c>change</c> (operators).
    /// </summary>
    public static void Add(IServiceCollection services)
    {
        services.AddAuthentication(Scheme_).AddScheme<AuthenticationSchemeOptions, TestUsers>(Scheme_, null);
        services.AddAuthorizationBuilder().AddPolicy("read", Read).AddPolicy("change", Change);
    }

    public static void Read(AuthorizationPolicyBuilder policy) => policy.RequireRole("reader", "operator");

    public static void Change(AuthorizationPolicyBuilder policy) => policy.RequireRole("operator");

    protected override Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        string[] words = Request.Headers.Authorization.ToString().Split(' ');
        if (words is not ["Test", var name, var role])
        {
            return Task.FromResult(AuthenticateResult.NoResult());
        }

        var identity = new ClaimsIdentity(
            [new Claim(ClaimTypes.Name, name), new Claim(ClaimTypes.Role, role)], Scheme_);
        return Task.FromResult(
            AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(identity), Scheme_)));
    }
}
