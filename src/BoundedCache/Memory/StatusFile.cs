using System.Buffers.Text;

namespace BoundedCache.Memory;

/// <summary>
/// A text of lines <c>Name:   123 kB</c>, the form of <c>/proc/self/status</c> and <c>/proc/self/smaps_rollup</c>, searched
/// in place. The kernel writes kB and means KiB.
/// </summary>
internal readonly ref struct StatusFile(ReadOnlySpan<byte> text)
{
    private readonly ReadOnlySpan<byte> _text = text;

    /// <summary>The amount on the line that starts with a name.</summary>
    /// <param name="name">The name with its colon, for example <c>"VmRSS:"u8</c>.</param>
    /// <returns>Bytes; null when there is no such line or no sound amount on it.</returns>
    public long? Find(ReadOnlySpan<byte> name)
    {
        ReadOnlySpan<byte> rest = _text;
        while (!rest.IsEmpty)
        {
            int end = rest.IndexOf((byte)'\n');
            if (end < 0)
            {
                // Without its line feed the line may be cut short, and a number cut short is a wrong number.
                return null;
            }

            ReadOnlySpan<byte> line = rest[..end];
            if (line.StartsWith(name))
            {
                return ParseKibibytes(line[name.Length..]);
            }

            rest = rest[(end + 1)..];
        }

        return null;
    }

    private static long? ParseKibibytes(ReadOnlySpan<byte> value)
    {
        value = value.Trim(" \t\r"u8);
        return Utf8Parser.TryParse(value, out long kibibytes, out int digits)
            && kibibytes >= 0
            && kibibytes <= long.MaxValue / 1024
            && value[digits..].TrimStart((byte)' ').SequenceEqual("kB"u8)
                ? kibibytes * 1024
                : null;
    }
}
