using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace BoundedCache.AspNetCore.Changes;

/// <summary>
/// Limits as requests write them: whole numbers of bytes, or sizes with a unit, within the bounds that the options set.
/// </summary>
internal static class LimitText
{
    private const string Expected =
        "expected a whole number of bytes (536870912), or text with a unit (\"512MB\", \"1.5 GiB\"; B, K, M, G, "
        + "T or P, powers of 1024), without sign or exponent, from 1 to 9223372036854775807 bytes, got";

    public static Problem? Refuse(JsonElement element, BoundedCacheAdminOptions bounds, out long bytes)
    {
        bytes = 0;
        return element.ValueKind switch
        {
            JsonValueKind.String => TryGetText(element, out string? text)
                ? Refuse(text, bounds, out bytes)
                : Refusal($"maxMemory: {Expected} text that is not valid Unicode."),
            JsonValueKind.Number => element.GetRawText() is var number && number.All(char.IsAsciiDigit)
                ? Refuse(number, bounds, out bytes)
                : Refusal($"maxMemory: {Expected} {Problems.Echo(number)}."),
            JsonValueKind.Undefined or JsonValueKind.Null => Refuse((string?)null, bounds, out bytes),
            JsonValueKind.True or JsonValueKind.False => Refusal($"maxMemory: {Expected} {element.GetRawText()}."),
            JsonValueKind.Array => Refusal($"maxMemory: {Expected} an array."),
            _ => Refusal($"maxMemory: {Expected} an object."),
        };
    }

    /// <param name="text">The limit; null if there is none.</param>
    /// <param name="bounds">The allowed range.</param>
    /// <param name="bytes">The limit in bytes.</param>
    /// <returns>Why it is refused; null if it is allowed.</returns>
    public static Problem? Refuse(string? text, BoundedCacheAdminOptions bounds, out long bytes)
    {
        bytes = 0;
        if (text is null)
        {
            return Refusal($"maxMemory: {Expected} none.");
        }

        // Configuration allows a percentage as a limit. Here it is refused: its meaning depends on the machine. A
        // fraction without a unit ("1.0") is refused too: it would be a byte, where a unit was forgotten.
        if (text.Contains('%', StringComparison.Ordinal)
            || (text.Contains('.', StringComparison.Ordinal) && !text.Any(char.IsAsciiLetter))
            || !ByteSize.TryParse(text, out bytes)
            || bytes < 1)
        {
            return Refusal($"maxMemory: {Expected} '{Problems.Echo(text)}'.");
        }

        if (bytes < bounds.MinimumLimit)
        {
            return Refusal($"maxMemory: expected at least {bounds.MinimumLimit} bytes "
                + $"({ByteSize.Format(bounds.MinimumLimit)}), the lowest limit that this endpoint sets, got {bytes}.");
        }

        return bytes > bounds.MaximumLimit
            ? Refusal($"maxMemory: expected at most {bounds.MaximumLimit} bytes "
                + $"({ByteSize.Format(bounds.MaximumLimit.Value)}), the highest limit that this endpoint sets, "
                + $"got {bytes}.")
            : null;
    }

    /// <summary>Half of a surrogate pair is well-formed JSON but not a valid string.</summary>
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

/// <summary>Release modes as requests write them: by name, ignoring case.</summary>
internal static class ReleaseModeText
{
    /// <param name="text">The mode; null if there is none.</param>
    /// <param name="allowsNone">Whether it may be <see cref="ReleaseMode.None"/>.</param>
    /// <param name="mode">The mode; null if there is none.</param>
    /// <returns>Why it is refused; null if it is allowed.</returns>
    public static Problem? Refuse(string? text, bool allowsNone, out ReleaseMode? mode)
    {
        mode = text?.ToLowerInvariant() switch
        {
            "full" => ReleaseMode.Full,
            "gentle" => ReleaseMode.Gentle,
            "none" when allowsNone => ReleaseMode.None,
            _ => null,
        };
        return mode is null && text is not null
            ? Problems.Create(
                StatusCodes.Status400BadRequest,
                $"releaseMode: expected \"full\"{(allowsNone ? ", \"gentle\" or \"none\"" : " or \"gentle\"")}, "
                    + $"or to leave it out, got '{Problems.Echo(text)}'.",
                "Not a release mode")
            : null;
    }
}
