using System.CommandLine.Parsing;
using System.Globalization;

namespace BoundedCache.ShrinkDemo.CommandLine;

/// <summary>
/// Reads options that are counts or durations; an error names the option, the text and what is allowed.
/// </summary>
internal static class Numbers
{
    private const double MostSeconds = 3600;

    public static long ParseCount(ArgumentResult result, string option)
    {
        string text = result.Tokens[^1].Value;
        if (!long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long count) || count < 1)
        {
            result.AddError($"{option}: '{text}' is not a whole number of at least 1, such as 2000000");
        }

        return count;
    }

    public static TimeSpan ParseSeconds(ArgumentResult result, string option)
    {
        string text = result.Tokens[^1].Value;
        if (double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double seconds)
            && seconds <= MostSeconds)
        {
            return TimeSpan.FromSeconds(seconds);
        }

        result.AddError($"{option}: '{text}' is not a number of seconds from 0 to {MostSeconds}, such as 2 or 0.5");
        return default;
    }
}
