using Microsoft.AspNetCore.Http;

namespace BoundedCache.AspNetCore.Changes;

/// <summary>Release modes as requests say them: by name, case does not matter.</summary>
internal static class ReleaseModeText
{
    /// <param name="text">The mode; null where there is none.</param>
    /// <param name="allowsNone">Whether it may be <see cref="ReleaseMode.None"/>.</param>
    /// <param name="mode">The mode; null where there is none.</param>
    /// <returns>Why it is refused; null where it is not.</returns>
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
                $"releaseMode is '{Problems.Echo(text)}'. Right is "
                    + $"\"full\"{(allowsNone ? ", \"gentle\" or \"none\"" : " or \"gentle\"")}, or to leave it out.",
                "Not a release mode")
            : null;
    }
}
