using System.Globalization;
using System.Text;

namespace BoundedCache.Harness.Traces;

/// <summary>
/// One line of a trace as text: <c>key size</c> or <c>time key size</c>, separated by spaces or tabs; where a size is
/// known without it, also <c>key</c>.
/// </summary>
public static class TraceLine
{
    /// <summary>What a line should be, for messages.</summary>
    public const string Expected = "'key size' or 'time key size', with the time a number and "
        + "the size a whole number of bytes";

    private const int MostQuotedCharacters = 60;

    /// <summary>Whether the line is there for people: blank, or a comment.</summary>
    public static bool IsSkipped(ReadOnlySpan<char> line)
    {
        line = line.Trim();
        return line.IsEmpty || line[0] == '#';
    }

    /// <summary>Reads a request.</summary>
    /// <param name="line">The line, without its end.</param>
    /// <param name="request">The request; the default on failure.</param>
    /// <param name="sizeOfKeysAlone">
    /// The size in bytes of a request that names only its key; null where every request must tell its size.
    /// </param>
    /// <returns>False where the line is anything else.</returns>
    public static bool TryParse(ReadOnlySpan<char> line, out TraceRequest request, long? sizeOfKeysAlone = null)
    {
        request = default;
        Span<Range> fields = stackalloc Range[4];
        ReadOnlySpan<char> text = line.Trim();
        int count = text.SplitAny(fields, [' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
        if (count == 1 && sizeOfKeysAlone is { } known)
        {
            request = new TraceRequest(text[fields[0]].ToString(), known);
            return true;
        }

        if (count is not (2 or 3)
            || (count == 3
                && !double.TryParse(text[fields[0]], NumberStyles.Float, CultureInfo.InvariantCulture, out _))
            || !long.TryParse(text[fields[count - 1]], NumberStyles.None, CultureInfo.InvariantCulture, out long size))
        {
            return false;
        }

        request = new TraceRequest(text[fields[count - 2]].ToString(), size);
        return true;
    }

    /// <summary>
    /// The line as an error message can show it: short, and without characters that would move the cursor.
    /// </summary>
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
