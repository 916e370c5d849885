using System.Buffers.Text;

namespace BoundedCache.Process;

/// <summary>
/// A text of lines <c>Name:   123 kB</c>, the form of <c>/proc/self/status</c> and <c>/proc/self/smaps_rollup</c>,
/// searched in place. The kernel writes kB and means KiB.
/// </summary>
internal readonly ref struct StatusFile(ReadOnlySpan<byte> text)
{
    private readonly ReadOnlySpan<byte> _text = text;

    /// <summary>The amount on the line that starts with a name.</summary>
    /// <param name="name">The name with its colon, for example <c>"VmRSS:"u8</c>.</param>
    /// <returns>Bytes; null when there is no such line or no sound amount on it.</returns>
    public long? Find(ReadOnlySpan<byte> name) =>
        TryFind(name, out ReadOnlySpan<byte> value) ? ParseKibibytes(value) : null;

    /// <summary>The plain number on the line that starts with a name.</summary>
    /// <param name="name">The name with its colon, for example <c>"Threads:"u8</c>.</param>
    /// <returns>Null when there is no such line or no sound number on it.</returns>
    public long? FindCount(ReadOnlySpan<byte> name) =>
        TryFind(name, out ReadOnlySpan<byte> value)
        && Utf8Parser.TryParse(value = value.Trim(" \t\r"u8), out long count, out int digits)
        && digits == value.Length
        && count >= 0
            ? count
            : null;

    private bool TryFind(ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
    {
        value = default;
        ReadOnlySpan<byte> rest = _text;
        while (!rest.IsEmpty)
        {
            int end = rest.IndexOf((byte)'\n');
            if (end < 0)
            {
                // Without its line feed the line may be cut short, and a number cut short is a wrong number.
                return false;
            }

            ReadOnlySpan<byte> line = rest[..end];
            if (line.StartsWith(name))
            {
                value = line[name.Length..];
                return true;
            }

            rest = rest[(end + 1)..];
        }

        return false;
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
