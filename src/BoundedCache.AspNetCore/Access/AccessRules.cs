using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Policy;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace BoundedCache.AspNetCore.Access;

/// <summary>
/// Decides who is answered: requests that the endpoint's authorization admits, or else, where that was opted into,
/// direct connections over loopback. Nobody else.
/// </summary>
/// <remarks>
/// <para>
/// Authorization is the application's and is enforced by its middleware before a request comes here. It is evaluated
/// here once more, because the middleware may be missing, may stand before routing, or may be told by
/// <c>AllowAnonymous</c> on some outer group to let everybody in: none of these may open an endpoint that costs memory
/// and time to abuse. The framework's own check for a missing middleware can be turned off, and does not know policies
/// that are given as objects.
/// </para>
/// <para>A fallback policy does not open it either: it says who may use the application, not who
/// may administer it.</para>
/// </remarks>
internal sealed class AccessRules(BoundedCacheAdminOptions options)
{
    private const string HowTo =
        "Map it with authorization, MapBoundedCacheAdmin(\"/admin/cache\").RequireAuthorization(\"a policy\"), "
        + "or with the options ReadPolicy and ChangePolicy; or for direct connections from this machine alone, "
        + "with options.AllowLoopback = true.";

    /// <summary>Decides on a request.</summary>
    /// <param name="context">The request.</param>
    /// <param name="metadata">The metadata of the endpoint that it is for.</param>
    /// <returns>Why it is refused; null where it is not.</returns>
    public async ValueTask<Problem?> RefuseAsync(HttpContext context, EndpointMetadataCollection metadata)
    {
        IReadOnlyList<IAuthorizeData> data = metadata.GetOrderedMetadata<IAuthorizeData>();
        IReadOnlyList<AuthorizationPolicy> policies = metadata.GetOrderedMetadata<AuthorizationPolicy>();
        IReadOnlyList<IAuthorizationRequirementData> requirements =
            metadata.GetOrderedMetadata<IAuthorizationRequirementData>();
        if (data.Count + policies.Count + requirements.Count > 0)
        {
            return await IsAuthorizedAsync(context, data, policies, requirements)
                ? null
                : Problems.Create(
                    StatusCodes.Status403Forbidden,
                    "You are not authorized for this by the policy that the endpoint requires.",
                    "Not authorized");
        }

        if (!options.AllowLoopback)
        {
            return Problems.Create(
                StatusCodes.Status403Forbidden,
                $"The admin endpoint is closed, because nothing says whom it may answer. {HowTo}",
                "Closed");
        }

        return LoopbackOnly.WhyNot(context) is { } reason
            ? Problems.Create(
                StatusCodes.Status403Forbidden,
                $"Only direct connections from this machine are answered. {reason} {HowTo}",
                "Not a direct loopback connection")
            : null;
    }

    private static async ValueTask<bool> IsAuthorizedAsync(
        HttpContext context,
        IReadOnlyList<IAuthorizeData> data,
        IReadOnlyList<AuthorizationPolicy> policies,
        IReadOnlyList<IAuthorizationRequirementData> requirements)
    {
        if (context.RequestServices.GetService<IAuthorizationPolicyProvider>() is not { } provider
            || context.RequestServices.GetService<IPolicyEvaluator>() is not { } evaluator)
        {
            return false;
        }

        AuthorizationPolicyBuilder policy = new();
        if (await AuthorizationPolicy.CombineAsync(provider, data, policies) is { } combined)
        {
            policy.Combine(combined);
        }

        policy.AddRequirements([.. requirements.SelectMany(static requirement => requirement.GetRequirements())]);
        if (policy.Requirements.Count == 0)
        {
            // Metadata that demand nothing admit nobody.
            return false;
        }

        AuthorizationPolicy whole = policy.Build();
        return (await evaluator.AuthorizeAsync(
            whole, await evaluator.AuthenticateAsync(whole, context), context, context)).Succeeded;
    }
}
