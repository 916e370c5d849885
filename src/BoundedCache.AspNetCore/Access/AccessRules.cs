using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Policy;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace BoundedCache.AspNetCore.Access;

/// <summary>
/// Decides which requests are answered: those that the endpoint's authorization admits, or, if the options allow it,
/// direct connections over loopback. All others are refused.
/// </summary>
/// <remarks>
/// <para>
/// The application configures authorization, and its middleware enforces it before a request comes here. It is
/// evaluated here once more, because the middleware may be missing, may stand before routing, or may be told by
/// <c>AllowAnonymous</c> on an outer group to admit every request. None of these may open this endpoint: abuse costs
/// memory and time. The framework's own check for a missing middleware can be turned off, and does not know policies
/// that are given as objects.
/// </para>
/// <para>A fallback policy does not open the endpoint either: it says who may use the application, not who
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
    /// <returns>Why it is refused; null if it is allowed.</returns>
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
            // Metadata without any requirement admits no request.
            return false;
        }

        AuthorizationPolicy whole = policy.Build();
        return (await evaluator.AuthorizeAsync(
            whole, await evaluator.AuthenticateAsync(whole, context), context, context)).Succeeded;
    }
}
