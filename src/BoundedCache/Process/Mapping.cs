namespace BoundedCache.Process;

/// <summary>One mapping of this process's address space, as <c>/proc/self/smaps</c> lists them.</summary>
internal readonly record struct Mapping
{
    /// <summary>The first address.</summary>
    public required long Start { get; init; }

    /// <summary>The address after the last.</summary>
    public required long End { get; init; }

    /// <summary>Whether it may be written. What the process only reserved may not even be read.</summary>
    public required bool IsWritable { get; init; }

    /// <summary>Whether it may be read, written or run at all.</summary>
    public required bool IsAccessible { get; init; }

    /// <summary>The file, or a name in brackets that the kernel gives it; null for plain anonymous memory.</summary>
    public required string? Path { get; init; }

    /// <summary>Resident bytes.</summary>
    public long ResidentBytes { get; init; }

    /// <summary>Resident bytes that no file backs (any longer).</summary>
    public long AnonymousBytes { get; init; }

    /// <summary>Resident bytes in transparent huge pages.</summary>
    public long HugePageBytes { get; init; }

    /// <summary>Address space that it takes, resident or not.</summary>
    public long Length => End - Start;
}
