using BoundedCache.AspNetCore.Changes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace BoundedCache.AspNetCore;

/// <summary>
/// The endpoints for requests that no other one takes. Routing by itself would answer them without a body, and past the
/// gate: a closed endpoint would tell by 405 and 415 what it has.
/// </summary>
internal static class Refusals
{
    public static void MapOtherMethods(RouteGroupBuilder group, string pattern, string[] allowed) => group
        .Map(
            pattern,
            (HttpContext context) =>
            {
                context.Response.Headers.Allow = string.Join(", ", allowed);
                return Problems.Create(
                    StatusCodes.Status405MethodNotAllowed,
                    $"{Problems.Echo(context.Request.Method)} is not for this address. "
                        + $"Right is {string.Join(" or ", allowed)}.");
            })
        .ExcludeFromDescription();

    public static void MapOtherTypes(RouteGroupBuilder group, string pattern, string method, string example) => group
        .MapMethods(pattern, [method], () => RequestBody.WrongType(example))
        .ExcludeFromDescription();

    public static void MapOtherPaths(RouteGroupBuilder group, string pattern) => group
        .Map(pattern, () => Problems.Create(
            StatusCodes.Status404NotFound,
            "There is nothing at this address. api/caches lists the caches; ADMIN.md all addresses."))
        .ExcludeFromDescription();
}
