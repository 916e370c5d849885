using System.Globalization;

namespace BoundedCache.ShrinkDemo.CommandLine;

/// <summary>
/// Checks of options against each other. A check that fails throws one line that says what is wrong and what is
/// allowed.
/// </summary>
internal static class OptionChecks
{
    /// <summary>
    /// Least heap that a full MemoryCache needs per byte of limit: evicted entries wait for their collection, and it
    /// does not count its own overhead.
    /// </summary>
    private const double MemoryCacheHeapPerLimit = 1.6;

    /// <summary>The least number of values that must fit for a useful story.</summary>
    private const int LeastEntries = 4;

    /// <summary>A generous bound for a key, an array's header and a table slot, in bytes.</summary>
    private const long EntryOverheadBytes = 256;

    /// <summary>The limit of a cache that is made only to ask what another limit would need.</summary>
    private const long ProbeBytes = 1 << 20;

    public static void ReservedTogether(bool compare, bool cache, bool trace, bool entries)
    {
        if (compare && cache)
        {
            throw Usage("--compare runs all caches; leave --cache out");
        }

        if (trace && entries)
        {
            throw Usage("--trace replays as many requests as its file holds; leave --entries out");
        }
    }

    public static void ValueFits(long valueBytes, long maxMemoryBytes)
    {
        long most = Math.Min((maxMemoryBytes / LeastEntries) - EntryOverheadBytes, Array.MaxLength);
        if (most < 1)
        {
            throw Usage(
                $"--max-memory {ByteSize.Format(maxMemoryBytes)} cannot hold even {LeastEntries} entries; "
                + $"the least is {Bytes(LeastEntries * (EntryOverheadBytes + 1))}");
        }

        if (valueBytes > most)
        {
            throw Usage(
                $"--value-size {ByteSize.Format(valueBytes)} is too large for --max-memory "
                    + $"{ByteSize.Format(maxMemoryBytes)}, which must hold {LeastEntries} entries; "
                    + $"at most {Bytes(most)} fit");
        }
    }

    public static void LimitsFall(long maxMemoryBytes, IReadOnlyList<long> shrinkToBytes)
    {
        long previous = maxMemoryBytes;
        foreach (long limit in shrinkToBytes)
        {
            if (limit >= previous)
            {
                throw Usage($"--shrink-to {ByteSize.Format(limit)} is not below the limit before it, "
                    + $"{ByteSize.Format(previous)}");
            }

            previous = limit;
        }
    }

    /// <summary>
    /// A comparison runs its caches one after the other, so each has the whole memory. What the library's caches need
    /// is the library's own answer.
    /// </summary>
    /// <param name="options">The options to check.</param>
    /// <param name="availableBytes">
    /// What the garbage collector may use: the machine's memory, or the container's share.
    /// </param>
    public static void MachineHolds(DemoOptions options, long availableBytes)
    {
        if (options.Compare || options.Cache == CacheKind.MemoryCache)
        {
            HeapHoldsMemoryCache(options.MaxMemoryBytes, availableBytes);
        }

        if (options.Compare || options.Cache == CacheKind.BoundedCache)
        {
            using var cache = new BoundedMemoryCache(new BoundedMemoryCacheOptions { MaxMemory = ProbeBytes });
            ProcessHolds(cache, options.MaxMemoryBytes);
        }
        else if (options.Cache == CacheKind.Bytes)
        {
            using var cache = new BoundedByteCache(new BoundedByteCacheOptions { MaxMemory = ProbeBytes });
            ProcessHolds(cache, options.MaxMemoryBytes);
        }
    }

    public static void FilesUsable(string? traceFile, string? outputDirectory)
    {
        if (traceFile is not null)
        {
            Readable(traceFile);
        }

        if (outputDirectory is not null)
        {
            OutputDirectory.EnsureWritable(outputDirectory);
        }
    }

    private static void HeapHoldsMemoryCache(long maxMemoryBytes, long availableBytes)
    {
        long fits = (long)(availableBytes / MemoryCacheHeapPerLimit);
        if (maxMemoryBytes > fits)
        {
            throw Usage(
                $"--max-memory {ByteSize.Format(maxMemoryBytes)} is more than this machine or container can "
                + $"hold: it gives the heap {ByteSize.Format(availableBytes)}, "
                + $"and a full {CacheKind.MemoryCache.DisplayName()} "
                + string.Create(
                    CultureInfo.InvariantCulture,
                    $"needs about {MemoryCacheHeapPerLimit} times its limit; up to {Bytes(fits)} fit"));
        }
    }

    private static void ProcessHolds(IBoundedCache cache, long maxMemoryBytes)
    {
        if (MemoryReport.CheckLimit(cache, maxMemoryBytes) is { } finding)
        {
            throw Usage(
                $"--max-memory {ByteSize.Format(maxMemoryBytes)} is more than this machine or container can hold. "
                + finding.ToString().TrimEnd('.'));
        }
    }

    private static void Readable(string traceFile)
    {
        if (Directory.Exists(traceFile))
        {
            throw Usage($"--trace '{traceFile}' is a directory; give a file");
        }

        try
        {
            using FileStream stream = File.OpenRead(traceFile);
        }
        catch (Exception failure) when (failure is FileNotFoundException or DirectoryNotFoundException)
        {
            throw Usage($"--trace '{traceFile}': there is no such file");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw Usage($"--trace '{traceFile}' cannot be read: {failure.Message}");
        }
    }

    /// <summary>A bound exact to the byte: a rounded one could itself be out of bounds.</summary>
    private static string Bytes(long bytes) =>
        string.Create(CultureInfo.InvariantCulture, $"{bytes:N0} bytes ({ByteSize.Format(bytes)})");

    private static DemoException Usage(string message) => new(ExitCode.Usage, message);
}
