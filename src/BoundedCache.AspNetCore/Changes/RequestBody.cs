using System.ComponentModel;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace BoundedCache.AspNetCore.Changes;

/// <summary>The body of a change: a small JSON object.</summary>
internal interface IRequestBody
{
    /// <summary>An example of an allowed body, for messages.</summary>
    static abstract string Example { get; }
}

/// <summary>
/// Reads the bodies of changes. The framework does not bind them: its refusals are not RFC 9457 problems, and do not
/// say what was expected.
/// </summary>
internal static class RequestBody
{
    /// <summary>The longest body in bytes; the longest useful one has about 80.</summary>
    public const int MaximumBytes = 4096;

    /// <summary>Reads a body.</summary>
    /// <param name="context">The request.</param>
    /// <param name="type">The body's JSON type.</param>
    /// <returns>
    /// The body, and why it is refused. If it is refused, the body is empty; if not, the refusal is null.
    /// </returns>
    public static async Task<(T Body, Problem? Refusal)> ReadAsync<T>(HttpContext context, JsonTypeInfo<T> type)
        where T : class, IRequestBody, new()
    {
        if (!IsJson(context.Request))
        {
            return (new T(), WrongType(T.Example));
        }

        if (context.Request.ContentLength > MaximumBytes)
        {
            return (new T(), TooLarge(T.Example));
        }

        byte[] buffer = new byte[MaximumBytes + 1];
        int length = await context.Request.Body.ReadAtLeastAsync(
            buffer, buffer.Length, throwOnEndOfStream: false, context.RequestAborted);
        if (length > MaximumBytes)
        {
            return (new T(), TooLarge(T.Example));
        }

        try
        {
            return JsonSerializer.Deserialize(buffer.AsSpan(0, length), type) is { } body
                ? (body, null)
                : (new T(), Malformed("null", T.Example));
        }
        catch (JsonException exception)
        {
            return (new T(), Malformed(Explain(exception, length), T.Example));
        }
    }

    /// <summary>Refuses a body whose content type is not JSON.</summary>
    public static Problem WrongType(string example) => Problems.Create(
        StatusCodes.Status415UnsupportedMediaType,
        $"Expected Content-Type: application/json, in UTF-8, and a body such as {example}.");

    private static bool IsJson(HttpRequest request) =>
        MediaTypeHeaderValue.TryParse(request.ContentType, out MediaTypeHeaderValue? type)
        && type.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase)
        && (!type.Charset.HasValue
            || type.Charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase)
            || type.Charset.Equals("\"utf-8\"", StringComparison.OrdinalIgnoreCase));

    private static Problem TooLarge(string example) => Problems.Create(
        StatusCodes.Status413PayloadTooLarge,
        $"Expected a body of at most {MaximumBytes} bytes, such as {example}, got more.");

    private static Problem Malformed(string what, string example) => Problems.Create(
        StatusCodes.Status400BadRequest,
        $"Expected a JSON object such as {example}, got {what}.",
        "Malformed body");

    private static string Explain(JsonException exception, int length)
    {
        if (length == 0)
        {
            return "an empty body";
        }

        return exception.Path is { Length: > 2 } path && path.StartsWith("$.", StringComparison.Ordinal)
            ? $"'{Problems.Echo(path[2..])}', which is unknown, is there twice, or has a value of the wrong type"
            : $"text that is not well formed, or is no object (line {exception.LineNumber + 1 ?? 1}, "
                + $"byte {exception.BytePositionInLine + 1 ?? 1})";
    }
}

/// <summary>The body of a request to change a limit.</summary>
internal sealed record LimitRequest : IRequestBody
{
    public static string Example => """{"maxMemory": "512MB", "releaseMode": "gentle"}, with releaseMode optional""";

    [Description("The new limit: a whole number of bytes, or text with a unit, \"512MB\" or \"1.5 GiB\". "
        + "Units are powers of 1024.")]
    public JsonElement MaxMemory { get; init; }

    [Description(
        "How memory is given back after lowering: full, gentle or none; left out for what the cache's options say. "
            + "Makes no difference for a byte cache.")]
    public string? ReleaseMode { get; init; }
}

/// <summary>The body of a request to release memory.</summary>
internal sealed record ReleaseRequest : IRequestBody
{
    public static string Example => """{"releaseMode": "full"} or {}""";

    [Description("How: full or gentle; left out for what the cache's options say, or full where they say none. "
        + "Makes no difference for a byte cache.")]
    public string? ReleaseMode { get; init; }
}

/// <summary>The body of a request to compact.</summary>
internal sealed record CompactRequest : IRequestBody
{
    public static string Example => """{"share": 0.25}""";

    [Description("The share of the entries to remove, above 0 and up to 1.")]
    public double? Share { get; init; }
}

/// <summary>An empty object. It is required because a form of another site cannot send JSON.</summary>
internal sealed record EmptyRequest : IRequestBody
{
    public static string Example => "{}";
}
