using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace BoundedCache.AspNetCore.Changes;

/// <summary>
/// Bodies of changes: small JSON objects, read here and not bound by the framework, whose refusals are neither problems
/// nor say what would be right.
/// </summary>
internal static class RequestBody
{
    /// <summary>The longest body in bytes; the longest one that makes sense has some 80.</summary>
    public const int MaximumBytes = 4096;

    /// <summary>Reads a body.</summary>
    /// <param name="context">The request.</param>
    /// <param name="type">How it is read.</param>
    /// <param name="example">What would be right.</param>
    /// <returns>The body, and why it is refused: an empty one then, or null where it is not.</returns>
    public static async Task<(T Body, Problem? Refusal)> ReadAsync<T>(
        HttpContext context, JsonTypeInfo<T> type, string example)
        where T : class, new()
    {
        if (!IsJson(context.Request))
        {
            return (new T(), WrongType(example));
        }

        if (context.Request.ContentLength > MaximumBytes)
        {
            return (new T(), TooLarge(example));
        }

        byte[] buffer = new byte[MaximumBytes + 1];
        int length = await context.Request.Body.ReadAtLeastAsync(
            buffer, buffer.Length, throwOnEndOfStream: false, context.RequestAborted);
        if (length > MaximumBytes)
        {
            return (new T(), TooLarge(example));
        }

        try
        {
            return JsonSerializer.Deserialize(buffer.AsSpan(0, length), type) is { } body
                ? (body, null)
                : (new T(), Malformed("It is null", example));
        }
        catch (JsonException exception)
        {
            return (new T(), Malformed(Explain(exception, length), example));
        }
    }

    /// <summary>Refuses a body that is not JSON by its type.</summary>
    public static Problem WrongType(string example) => Problems.Create(
        StatusCodes.Status415UnsupportedMediaType,
        $"The body must be sent with Content-Type: application/json, in UTF-8. Right is {example}.");

    private static bool IsJson(HttpRequest request) =>
        MediaTypeHeaderValue.TryParse(request.ContentType, out MediaTypeHeaderValue? type)
        && type.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase)
        && (!type.Charset.HasValue
            || type.Charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase)
            || type.Charset.Equals("\"utf-8\"", StringComparison.OrdinalIgnoreCase));

    private static Problem TooLarge(string example) => Problems.Create(
        StatusCodes.Status413PayloadTooLarge, $"The body is larger than {MaximumBytes} bytes. Right is {example}.");

    private static Problem Malformed(string what, string example) => Problems.Create(
        StatusCodes.Status400BadRequest,
        $"The body is not the JSON object that is expected. {what}. Right is {example}.",
        "Malformed body");

    private static string Explain(JsonException exception, int length)
    {
        if (length == 0)
        {
            return "It is empty";
        }

        return exception.Path is { Length: > 2 } path && path.StartsWith("$.", StringComparison.Ordinal)
            ? $"'{Problems.Echo(path[2..])}' is no property of it, is there twice, or has a value that "
                + "is no JSON or of the wrong type"
            : $"It is not well formed, or is no object (line {exception.LineNumber + 1 ?? 1}, "
                + $"byte {exception.BytePositionInLine + 1 ?? 1})";
    }
}
