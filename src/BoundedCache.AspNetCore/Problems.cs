using BoundedCache.AspNetCore.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.WebUtilities;

namespace BoundedCache.AspNetCore;

/// <summary>
/// Answers to requests that are refused: RFC 9457 problems whose detail says what was wrong and what would be right.
/// Written with the endpoint's own JSON, whatever the application's settings are.
/// </summary>
internal static class Problems
{
    public const string ContentType = "application/problem+json";

    private const int LongestEcho = 60;

    /// <summary>A problem.</summary>
    /// <param name="status">The HTTP status.</param>
    /// <param name="detail">What was wrong, and what would be right, in sentences.</param>
    /// <param name="title">What kind of problem it is, in a few words; null for the status's own.</param>
    public static Problem Create(int status, string detail, string? title = null) => TypedResults.Json(
        new ProblemDetails { Status = status, Title = title ?? ReasonPhrases.GetReasonPhrase(status), Detail = detail },
        AdminJsonContext.Default.ProblemDetails,
        ContentType,
        status);

    public static Problem UnknownCache(string name, IReadOnlyList<string> names) => Create(
        StatusCodes.Status404NotFound,
        $"There is no cache '{Echo(name)}'. "
            + $"{(names.Count == 0 ? "This service has none." : $"There are: {string.Join(", ", names)}. Case matters.")}",
        "No such cache");

    /// <summary>
    /// What a request said, as far as it may be said back: a short piece of it without control characters.
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
