namespace BoundedCache;

/// <summary>Something that holds much of this process's memory and that can be changed.</summary>
public sealed record MemoryReportFinding
{
    /// <summary>What kind of thing it is.</summary>
    public required MemoryReportCause Cause { get; init; }

    /// <summary>
    /// What it holds, in bytes; findings may overlap. Of <see cref="MemoryReportCause.HeapLimit"/>, what is missing.
    /// </summary>
    public required long Bytes { get; init; }

    /// <summary>What holds how much, as a sentence.</summary>
    public required string Text { get; init; }

    /// <summary>What to do about it, as one or more sentences.</summary>
    public required string Advice { get; init; }

    /// <summary>Text and advice in one line.</summary>
    /// <returns>Sentences.</returns>
    public override string ToString() => $"{Text} {Advice}";
}
