using System.Globalization;
using System.Text;

namespace BoundedCache.ShrinkDemo.Traces;

/// <summary>One line of a trace as text: <c>key size</c> or <c>time key size</c>, separated by spaces or tabs.</summary>
internal static class TraceLine
{
    public const string Expected = "'key size' or 'time key size', with the time a number and the size a whole number of bytes";

    private const int MostQuotedCharacters = 60;

    /// <summary>Whether the line is there for people: blank, or a comment.</summary>
    public static bool IsSkipped(ReadOnlySpan<char> line)
    {
        line = line.Trim();
        return line.IsEmpty || line[0] == '#';
    }

    public static bool TryParse(ReadOnlySpan<char> line, out TraceRequest request)
    {
        request = default;
        Span<Range> fields = stackalloc Range[4];
        ReadOnlySpan<char> text = line.Trim();
        int count = text.SplitAny(fields, [' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
        if (count is not (2 or 3)
            || (count == 3 && !double.TryParse(text[fields[0]], NumberStyles.Float, CultureInfo.InvariantCulture, out _))
            || !long.TryParse(text[fields[count - 1]], NumberStyles.None, CultureInfo.InvariantCulture, out long size))
        {
            return false;
        }

        request = new TraceRequest(text[fields[count - 2]].ToString(), size);
        return true;
    }

    /// <summary>The line as an error message can show it: short, and without characters that would move the cursor.</summary>
    public static string Quote(ReadOnlySpan<char> line)
    {
        var quoted = new StringBuilder();
        foreach (char c in line[..Math.Min(line.Length, MostQuotedCharacters)])
        {
            quoted.Append(char.IsControl(c) ? '?' : c);
        }

        return quoted.Append(line.Length > MostQuotedCharacters ? "…" : string.Empty).ToString();
    }
}
