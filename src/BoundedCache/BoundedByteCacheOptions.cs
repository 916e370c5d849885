using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using BoundedCache.Process;

namespace BoundedCache;

/// <summary>
/// Settings of a <see cref="BoundedByteCache"/>. Its constructor checks and copies them: later changes affect no cache.
/// </summary>
public sealed class BoundedByteCacheOptions
{
    private long? _minMemory;

    /// <summary>The name in reports, logs and metrics. Default <c>"bytes"</c>; may not be empty.</summary>
    public string Name { get; set; } = "bytes";

    /// <summary>
    /// The limit in resident bytes of native memory, at least 1: values, keys, tables and what lies unused between
    /// them. Default: a quarter of the memory available to the process, container limits considered.
    /// </summary>
    public long MaxMemory { get; set; } = ProcessMemory.AvailableBytes / 4;

    /// <summary>
    /// Bytes that memory pressure leaves the cache, at least 0. More than <see cref="MaxMemory"/> counts as
    /// <see cref="MaxMemory"/>. Default: an eighth of <see cref="MaxMemory"/>, or of the process's limit that is near,
    /// where that is less. Where none was set, reading it answers an eighth of <see cref="MaxMemory"/>.
    /// </summary>
    public long MinMemory
    {
        get => _minMemory ?? MaxMemory / 8;
        set => _minMemory = value;
    }

    /// <summary>
    /// Whether the cache holds less than <see cref="MaxMemory"/> while the process's own limit is near. Default true.
    /// </summary>
    public bool YieldToMemoryPressure { get; set; } = true;

    /// <inheritdoc cref="BoundedMemoryCacheOptions.YieldToMachinePressure"/>
    public bool YieldToMachinePressure { get; set; }

    /// <inheritdoc cref="BoundedMemoryCacheOptions.MemoryReserve"/>
    public double MemoryReserve { get; set; } = BoundedMemoryCacheOptions.DefaultReserve;

    /// <summary>
    /// Which entries a full cache evicts first. Default <see cref="EvictionPolicy.LeastRecentlyUsed"/>.
    /// </summary>
    public EvictionPolicy EvictionPolicy { get; set; }

    /// <summary>
    /// Whether the kernel leaves the cache's pages out of core dumps of the process. Default false.
    /// </summary>
    public bool ExcludeFromCoreDumps { get; set; }

    /// <summary>
    /// Whether memory is overwritten with zeros when an entry leaves it, so that secrets do not stay longer than their
    /// entries. Default false. Whole pages that go back to the operating system are zeroed by it anyway.
    /// </summary>
    public bool ClearFreedMemory { get; set; }

    /// <summary>Whether hits and misses are counted from the beginning. Default false.</summary>
    public bool TrackStatistics { get; set; }

    /// <summary>The clock and the timer of expiration. Default: the system's.</summary>
    [SuppressMessage("ApiDesign", "RS0030", Justification = "The one default.")]
    public TimeProvider TimeProvider { get; set; } = TimeProvider.System;

    /// <summary>
    /// How often the cache looks for expired entries. Entries that are not read give their bytes back within this time.
    /// Default one minute; more than zero, at most 49 days.
    /// </summary>
    public TimeSpan ExpirationScanFrequency { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary><see cref="MinMemory"/> where it was set; null for the default.</summary>
    internal long? ConfiguredMinMemory
    {
        get => _minMemory;
        set => _minMemory = value;
    }

    /// <summary>
    /// Throws for the first setting that is out of range, saying its name, its value and what is allowed.
    /// </summary>
    internal void Validate()
    {
        if (FindFaults().FirstOrDefault() is { } fault)
        {
            throw fault;
        }
    }

    /// <summary>All settings that are out of range, each with its name, its value and what is allowed.</summary>
    internal IEnumerable<ArgumentException> FindFaults()
    {
        if (string.IsNullOrWhiteSpace(Name))
        {
            yield return new ArgumentException(
                "BoundedByteCacheOptions.Name is empty; give the cache a name.", nameof(Name));
        }

        if (MaxMemory < 1)
        {
            yield return OutOfRange(nameof(MaxMemory), "at least 1 byte", MaxMemory);
        }

        if (_minMemory is { } min && min < 0)
        {
            yield return OutOfRange(nameof(MinMemory), "at least 0 bytes", min);
        }

        if (!(MemoryReserve >= BoundedMemoryCacheOptions.LeastReserve
            && MemoryReserve <= BoundedMemoryCacheOptions.LargestReserve))
        {
            yield return OutOfRange(
                nameof(MemoryReserve), "a number from 0.01 to 0.5 (half of the limit)", MemoryReserve);
        }

        if (!Enum.IsDefined(EvictionPolicy))
        {
            yield return OutOfRange(nameof(EvictionPolicy), "LeastRecentlyUsed or ScanResistant", EvictionPolicy);
        }

        if (TimeProvider is null)
        {
            yield return new ArgumentException(
                "BoundedByteCacheOptions.TimeProvider is null; leave the default or set a clock.",
                nameof(TimeProvider));
        }

        if (ExpirationScanFrequency <= TimeSpan.Zero
            || ExpirationScanFrequency > BoundedMemoryCacheOptions.LongestScanInterval)
        {
            yield return OutOfRange(
                nameof(ExpirationScanFrequency), "more than zero and at most 49 days", ExpirationScanFrequency);
        }
    }

    private static ArgumentOutOfRangeException OutOfRange(string option, string expected, object actual) => new(
        option,
        string.Create(
            CultureInfo.InvariantCulture,
            $"{nameof(BoundedByteCacheOptions)}.{option}: expected {expected}, got {actual}."));
}
