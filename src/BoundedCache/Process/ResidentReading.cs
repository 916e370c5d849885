namespace BoundedCache.Process;

/// <summary>What the operating system says this process occupies, in bytes; null is what it does not say.</summary>
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

    /// <summary>Whether the source told everything.</summary>
    public bool IsComplete => AnonymousBytes is not null && FileBytes is not null && PeakResidentBytes is not null;

    /// <summary>Reads the lines of a process status file.</summary>
    /// <returns>Null without a sound <c>VmRSS</c>: the other lines mean little alone.</returns>
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
