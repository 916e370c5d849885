using System.Buffers.Text;

namespace BoundedCache.Process;

/// <summary>
/// Finds amounts in lines such as <c>Name:   123 kB</c>, the form of <c>/proc/self/status</c>, without copying the
/// text. The kernel writes kB and means KiB.
/// </summary>
internal readonly ref struct StatusFile(ReadOnlySpan<byte> text)
{
    private readonly ReadOnlySpan<byte> _text = text;

    /// <summary>The amount on the line that starts with a name.</summary>
    /// <param name="name">The name with its colon, for example <c>"VmRSS:"u8</c>.</param>
    /// <returns>Bytes; null when there is no such line or no valid amount on it.</returns>
    public long? Find(ReadOnlySpan<byte> name) =>
        TryFind(name, out ReadOnlySpan<byte> value) ? ParseKibibytes(value) : null;

    /// <summary>The plain number on the line that starts with a name.</summary>
    /// <param name="name">The name with its colon, for example <c>"Threads:"u8</c>.</param>
    /// <returns>Null when there is no such line or no valid number on it.</returns>
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
                // A line without its line feed may be cut short, and then its number is wrong.
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

/// <summary>
/// The process's memory as the operating system counts it, in bytes; null where the system does not tell.
/// </summary>
internal readonly record struct ResidentReading
{
    /// <summary>Physical memory of the process.</summary>
    public required long ResidentBytes { get; init; }

    /// <summary>The part that is private and backed by no file.</summary>
    public long? AnonymousBytes { get; init; }

    /// <summary>The part that maps files.</summary>
    public long? FileBytes { get; init; }

    /// <summary>The highest <see cref="ResidentBytes"/> so far.</summary>
    public long? PeakResidentBytes { get; init; }

    /// <summary>Where the figures come from, and what that source lacks.</summary>
    public required string Source { get; init; }

    /// <summary>Whether no figure is missing.</summary>
    public bool IsComplete => AnonymousBytes is not null && FileBytes is not null && PeakResidentBytes is not null;

    /// <summary>Reads the lines of a process status file.</summary>
    /// <returns>Null without a valid <c>VmRSS</c>: the other figures mean little alone.</returns>
    public static ResidentReading? Parse(ReadOnlySpan<byte> text, string path)
    {
        var status = new StatusFile(text);
        if (status.Find("VmRSS:"u8) is not long resident)
        {
            return null;
        }

        var reading = new ResidentReading
        {
            ResidentBytes = resident,
            AnonymousBytes = status.Find("RssAnon:"u8),
            FileBytes = status.Find("RssFile:"u8),
            PeakResidentBytes = status.Find("VmHWM:"u8),
            Source = path,
        };
        return reading.IsComplete
            ? reading
            : reading with { Source = $"{path}, which lacks {string.Join(", ", reading.Missing())}" };
    }

    private IEnumerable<string> Missing()
    {
        if (AnonymousBytes is null)
        {
            yield return "RssAnon";
        }

        if (FileBytes is null)
        {
            yield return "RssFile";
        }

        if (PeakResidentBytes is null)
        {
            yield return "VmHWM";
        }
    }
}
