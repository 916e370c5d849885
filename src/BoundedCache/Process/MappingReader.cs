using System.Buffers.Text;
using System.Text;

namespace BoundedCache.Process;

/// <summary>One mapping of this process's address space, as <c>/proc/self/smaps</c> lists them.</summary>
internal readonly record struct Mapping
{
    /// <summary>The first address.</summary>
    public required long Start { get; init; }

    /// <summary>The address after the last.</summary>
    public required long End { get; init; }

    /// <summary>Whether it may be written.</summary>
    public required bool IsWritable { get; init; }

    /// <summary>Whether it may be read, written or run. Memory that is only reserved may not.</summary>
    public required bool IsAccessible { get; init; }

    /// <summary>The file, or a name in brackets that the kernel gives it; null for plain anonymous memory.</summary>
    public required string? Path { get; init; }

    /// <summary>Resident bytes.</summary>
    public long ResidentBytes { get; init; }

    /// <summary>Resident bytes that no file backs (any longer).</summary>
    public long AnonymousBytes { get; init; }

    /// <summary>Resident bytes in transparent huge pages.</summary>
    public long HugePageBytes { get; init; }

    /// <summary>The size of its address range, resident or not.</summary>
    public long Length => End - Start;
}

/// <summary>
/// Reads the text of <c>/proc/self/smaps</c>: one line for each mapping, followed by one line for each of its amounts.
/// The amounts are in kB, which means KiB.
/// </summary>
internal static class MappingReader
{
    // The longest line is a path of 4 KiB, escaped.
    private const int BufferBytes = 32 * 1024;

    /// <summary>Reads to the end.</summary>
    /// <returns>The mappings in the order of their addresses; null when the text is not such a list.</returns>
    public static List<Mapping>? Read(Stream smaps)
    {
        byte[] buffer = new byte[BufferBytes];
        List<Mapping> mappings = [];
        int filled = 0;
        while (true)
        {
            int read = filled == buffer.Length ? 0 : smaps.Read(buffer, filled, buffer.Length - filled);
            if (read <= 0)
            {
                // Text without a line feed at the end was cut short, so the list is not complete.
                return filled == 0 && mappings.Count > 0 ? mappings : null;
            }

            filled += read;
            int taken = 0;
            for (int end; (end = buffer.AsSpan(taken, filled - taken).IndexOf((byte)'\n')) >= 0; taken += end + 1)
            {
                if (!TakeLine(buffer.AsSpan(taken, end), mappings))
                {
                    return null;
                }
            }

            buffer.AsSpan(taken, filled - taken).CopyTo(buffer);
            filled -= taken;
        }
    }

    private static bool TakeLine(ReadOnlySpan<byte> line, List<Mapping> mappings)
    {
        if (line.IsEmpty || !char.IsAsciiLetterUpper((char)line[0]))
        {
            return TryTakeHeader(line, mappings);
        }

        if (mappings.Count == 0)
        {
            return false;
        }

        Mapping last = mappings[^1];
        if (TryRead(line, "Rss:"u8, out long bytes))
        {
            mappings[^1] = last with { ResidentBytes = bytes };
        }
        else if (TryRead(line, "Anonymous:"u8, out bytes))
        {
            mappings[^1] = last with { AnonymousBytes = bytes };
        }
        else if (TryRead(line, "AnonHugePages:"u8, out bytes))
        {
            mappings[^1] = last with { HugePageBytes = bytes };
        }

        return true;
    }

    /// <summary>Takes <c>7f2f9c5f8000-7f2f9c619000 rw-p 00000000 00:00 0   [heap]</c>.</summary>
    private static bool TryTakeHeader(ReadOnlySpan<byte> line, List<Mapping> mappings)
    {
        // The addresses of a 64-bit process fit a long. Only the kernel's own page at the very end does not.
        if (!Utf8Parser.TryParse(line, out ulong start, out int length, 'x')
            || length >= line.Length
            || line[length] != '-')
        {
            return false;
        }

        line = line[(length + 1)..];
        if (!Utf8Parser.TryParse(line, out ulong end, out length, 'x') || line.Length < length + 5)
        {
            return false;
        }

        ReadOnlySpan<byte> access = line.Slice(length + 1, 4);
        ReadOnlySpan<byte> rest = line[(length + 5)..];
        for (int field = 0; field < 3; field++)
        {
            rest = rest.TrimStart((byte)' ');
            int space = rest.IndexOf((byte)' ');
            rest = space < 0 ? default : rest[space..];
        }

        rest = rest.Trim((byte)' ');
        mappings.Add(new Mapping
        {
            Start = (long)Math.Min(start, long.MaxValue),
            End = (long)Math.Min(end, long.MaxValue),
            IsAccessible = access[..3].ContainsAnyExcept((byte)'-'),
            IsWritable = access[1] == (byte)'w',
            Path = rest.IsEmpty ? null : PathOf(rest, mappings),
        });
        return true;
    }

    /// <summary>
    /// The path as text. The mappings of one library follow each other and share one string.
    /// </summary>
    private static string PathOf(ReadOnlySpan<byte> text, List<Mapping> mappings)
    {
        string path = Encoding.UTF8.GetString(text);
        return mappings.Count > 0 && mappings[^1].Path == path ? mappings[^1].Path! : path;
    }

    private static bool TryRead(ReadOnlySpan<byte> line, ReadOnlySpan<byte> name, out long bytes)
    {
        bytes = 0;
        if (!line.StartsWith(name)
            || !Utf8Parser.TryParse(line[name.Length..].TrimStart((byte)' '), out long kibibytes, out _))
        {
            return false;
        }

        bytes = Math.Clamp(kibibytes, 0, long.MaxValue / 1024) * 1024;
        return true;
    }
}
