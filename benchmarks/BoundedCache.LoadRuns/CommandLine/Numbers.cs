using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace BoundedCache.LoadRuns.CommandLine;

/// <summary>Options whose errors name the option, the text and what would do.</summary>
internal static class Numbers
{
    private const double MostMinutes = 60;

    /// <summary>A whole number of at least 1.</summary>
    public static Option<int> Count(string name, string description, int most) => new(name)
    {
        Description = description,
        HelpName = "COUNT",
        CustomParser = result =>
        {
            string text = result.Tokens[^1].Value;
            if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int count)
                || count < 1
                || count > most)
            {
                result.AddError(
                    FormattableString.Invariant($"{name}: '{text}' is not a whole number from 1 to {most}"));
            }

            return count;
        },
    };

    /// <summary>Minutes, with fractions.</summary>
    public static Option<double> Minutes(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "MINUTES",
        CustomParser = result =>
        {
            string text = result.Tokens[^1].Value;
            if (!double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double minutes)
                || minutes is <= 0 or > MostMinutes)
            {
                result.AddError(FormattableString.Invariant(
                    $"{name}: '{text}' is not a number of minutes above 0 and up to {MostMinutes}, such as 5 or 0.25"));
            }

            return minutes;
        },
    };

    /// <summary>Names out of a list, each an argument of its own or with commas between them.</summary>
    public static string[] Names(ArgumentResult result, string option, IReadOnlyList<string> known)
    {
        string[] names = [.. result.Tokens.SelectMany(
            static token => token.Value.Split(',', StringSplitOptions.RemoveEmptyEntries))];
        if (names.FirstOrDefault(name => !known.Contains(name)) is { } unknown)
        {
            result.AddError($"{option}: there is no '{unknown}'; there are {string.Join(", ", known)}");
        }

        return names;
    }
}
