using Microsoft.AspNetCore.Authentication;

namespace BoundedCache.AdminDashboard.Authentication;

/// <summary>
/// Registers the API keys: a scheme that identifies the caller, and policies that say which role may do what.
/// </summary>
internal static class ApiKeyServiceCollectionExtensions
{
    public static void AddApiKeys(this IServiceCollection services, ApiKeys keys)
    {
        services.AddSingleton(keys);
        services.AddAuthentication(ApiKeyHandler.SchemeName)
            .AddScheme<AuthenticationSchemeOptions, ApiKeyHandler>(ApiKeyHandler.SchemeName, configureOptions: null);
        services.AddAuthorizationBuilder()
            .AddPolicy(ApiKeys.ReadPolicy, static policy => policy.RequireRole(ApiKeys.ReaderRole, ApiKeys.ChangerRole))
            .AddPolicy(ApiKeys.ChangePolicy, static policy => policy.RequireRole(ApiKeys.ChangerRole));
    }
}
