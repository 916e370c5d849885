using System.CommandLine.Parsing;

namespace BoundedCache.ShrinkDemo.CommandLine;

/// <summary>
/// Reads options that are amounts of memory; an error names the option, the text and what is allowed.
/// </summary>
internal static class Sizes
{
    private const string Expected = "a size: bytes, or a number with a unit such as 100MB or 1.5GiB (MB and MiB both "
        + "mean 1024 * 1024 bytes)";

    public static long ParseOne(ArgumentResult result, string option) => Parse(result, option, result.Tokens[^1].Value);

    public static long[] ParseMany(ArgumentResult result, string option) =>
        [.. result.Tokens.Select(token => Parse(result, option, token.Value))];

    private static long Parse(ArgumentResult result, string option, string text)
    {
        if (!ByteSize.TryParse(text, out long bytes))
        {
            result.AddError($"{option}: '{text}' is not {Expected}");
        }
        else if (bytes < 1)
        {
            result.AddError($"{option}: '{text}' is too small; the least is 1 byte");
        }

        return bytes;
    }
}
