using BoundedCache.AspNetCore.Changes;
using BoundedCache.AspNetCore.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.WebUtilities;

namespace BoundedCache.AspNetCore;

/// <summary>
/// Answers to refused requests: RFC 9457 problems whose detail says what was expected and what came.
/// Written with the endpoint's own JSON, not with the application's settings.
/// </summary>
internal static class Problems
{
    public const string ContentType = "application/problem+json";

    private const int LongestEcho = 60;

    /// <summary>Creates a problem.</summary>
    /// <param name="status">The HTTP status.</param>
    /// <param name="detail">What was expected and what came, in sentences.</param>
    /// <param name="title">The kind of problem, in a few words; null for the status's own title.</param>
    public static Problem Create(int status, string detail, string? title = null) => TypedResults.Json(
        new ProblemDetails { Status = status, Title = title ?? ReasonPhrases.GetReasonPhrase(status), Detail = detail },
        AdminJsonContext.Readable.ProblemDetails,
        ContentType,
        status);

    public static Problem UnknownCache(string name, IReadOnlyList<string> names) => Create(
        StatusCodes.Status404NotFound,
        $"There is no cache '{Echo(name)}'. "
            + (names.Count == 0
                ? "This service has none."
                : $"There are: {string.Join(", ", names)}. Case matters."),
        "No such cache");

    /// <summary>
    /// The part of a request's text that may be repeated in an answer: a short piece without control characters.
    /// </summary>
    public static string Echo(string text)
    {
        string piece = text.Length > LongestEcho ? string.Concat(text.AsSpan(0, LongestEcho), "…") : text;
        return string.Create(piece.Length, piece, static (span, source) =>
        {
            for (int i = 0; i < span.Length; i++)
            {
                span[i] = char.IsControl(source[i]) || char.IsSurrogate(source[i]) ? '?' : source[i];
            }
        });
    }
}

/// <summary>
/// The endpoints for requests that no other endpoint takes. Routing alone would answer them without a body and without
/// the gate: by 405 and 415 a closed endpoint would show which routes it has.
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
                    $"Expected {string.Join(" or ", allowed)} for this address, "
                        + $"got {Problems.Echo(context.Request.Method)}.");
            })
        .ExcludeFromDescription();

    public static void MapOtherTypes(RouteGroupBuilder group, string pattern, string method, string example) => group
        .MapMethods(pattern, [method], () => RequestBody.WrongType(example))
        .ExcludeFromDescription();

    public static void MapOtherPaths(RouteGroupBuilder group, string pattern) => group
        .Map(pattern, () => Problems.Create(
            StatusCodes.Status404NotFound,
            "There is nothing at this address. api/caches lists the caches; docs/ADMIN.md all addresses."))
        .ExcludeFromDescription();
}
