using System.CommandLine.Parsing;

namespace BoundedCache.ShrinkDemo.CommandLine;

/// <summary>Reads options that are one of a few words; an error names the option, the text and the words.</summary>
internal static class Choice
{
    public static string Names<T>(IReadOnlyDictionary<string, T> choices) => string.Join('|', choices.Keys);

    public static T Parse<T>(ArgumentResult result, string option, IReadOnlyDictionary<string, T> choices)
        where T : struct
    {
        string text = result.Tokens[^1].Value;
        if (!choices.TryGetValue(text, out T choice))
        {
            result.AddError($"{option}: '{text}' is not one of {string.Join(", ", choices.Keys)}");
        }

        return choice;
    }
}
