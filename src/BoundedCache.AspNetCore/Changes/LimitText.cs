using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace BoundedCache.AspNetCore.Changes;

/// <summary>
/// Limits as requests say them: whole numbers of bytes, or sizes with a unit, within the bounds that the options set.
/// </summary>
internal static class LimitText
{
    private const string Right =
        "Right is a whole number of bytes (536870912), or text with a unit (\"512MB\", \"1.5 GiB\"; B, K, M, G, "
        + "T or P, powers of 1024), without sign or exponent, from 1 to 9223372036854775807 bytes.";

    public static Problem? Refuse(JsonElement element, BoundedCacheAdminOptions bounds, out long bytes)
    {
        bytes = 0;
        return element.ValueKind switch
        {
            JsonValueKind.String => TryGetText(element, out string? text)
                ? Refuse(text, bounds, out bytes)
                : Refusal($"maxMemory is no text. {Right}"),
            JsonValueKind.Number => Refuse(element.GetRawText(), bounds, out bytes),
            JsonValueKind.Undefined or JsonValueKind.Null => Refuse((string?)null, bounds, out bytes),
            _ => Refusal($"maxMemory is of the type {element.ValueKind.ToString().ToLowerInvariant()}. {Right}"),
        };
    }

    /// <param name="text">The limit; null where there is none.</param>
    /// <param name="bounds">What is allowed.</param>
    /// <param name="bytes">The limit in bytes.</param>
    /// <returns>Why it is refused; null where it is not.</returns>
    public static Problem? Refuse(string? text, BoundedCacheAdminOptions bounds, out long bytes)
    {
        bytes = 0;
        if (text is null)
        {
            return Refusal($"maxMemory is missing. {Right}");
        }

        if (!ByteSize.TryParse(text, out bytes) || bytes < 1)
        {
            return Refusal($"maxMemory is '{Problems.Echo(text)}', which is no limit. {Right}");
        }

        if (bytes < bounds.MinimumLimit)
        {
            return Refusal($"maxMemory is {bytes} bytes, below the lowest limit that this endpoint sets, "
                + $"{bounds.MinimumLimit} bytes ({ByteSize.Format(bounds.MinimumLimit)}).");
        }

        return bytes > bounds.MaximumLimit
            ? Refusal($"maxMemory is {bytes} bytes, above the highest limit that this endpoint sets, "
                + $"{bounds.MaximumLimit} bytes ({ByteSize.Format(bounds.MaximumLimit.Value)}).")
            : null;
    }

    /// <summary>Half of a surrogate pair is well-formed JSON and no string.</summary>
    private static bool TryGetText(JsonElement element, out string? text)
    {
        try
        {
            text = element.GetString();
            return true;
        }
        catch (InvalidOperationException)
        {
            text = null;
            return false;
        }
    }

    private static Problem Refusal(string detail) =>
        Problems.Create(StatusCodes.Status400BadRequest, detail, "Not a limit");
}
