using System.Runtime.InteropServices;

namespace BoundedCache.Bytes;

/// <summary>Where the byte cache gets pages from: the one seam to the operating system. Tests replace it.</summary>
/// <remarks>Pages are mapped, readable and writable, and hold zeros until they are written. Thread-safe.</remarks>
internal interface IPageSource
{
    /// <summary>The size of a page, in bytes: a power of two.</summary>
    int PageSize { get; }

    /// <summary>Maps address space that takes no memory until it is written.</summary>
    /// <param name="length">Its length in bytes: whole pages.</param>
    /// <param name="alignment">A power of two that the address is a multiple of; at least a page.</param>
    /// <returns>Its address; 0 where the system refuses.</returns>
    nint TryMap(nuint length, nuint alignment);

    /// <summary>
    /// Gives memory back to the system. The pages stay mapped, and hold zeros when they are read again.
    /// </summary>
    /// <returns>False where the system does not take it: some or all pages are as they were.</returns>
    bool TryGiveBack(nint start, nuint length);

    /// <summary>Ends a mapping.</summary>
    void Unmap(nint start, nuint length);
}

/// <summary>Pages of Linux on x64.</summary>
/// <param name="excludeFromCoreDumps">Whether the kernel leaves the pages out of core dumps.</param>
internal sealed partial class LinuxPageSource(bool excludeFromCoreDumps) : IPageSource
{
    private const int ReadAndWrite = 3;
    private const int PrivateAnonymousNoReserve = 0x4022;
    private const int DontNeed = 4;
    private const int NoHugePages = 15;
    private const int DontDump = 16;

    /// <summary>Whether this process runs where the byte cache was tested.</summary>
    public static bool IsSupported =>
        OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture == Architecture.X64;

    public int PageSize { get; } = Environment.SystemPageSize;

    /// <summary>Makes the source of this system.</summary>
    /// <exception cref="PlatformNotSupportedException">There is none.</exception>
    public static LinuxPageSource Create(bool excludeFromCoreDumps) => Create(excludeFromCoreDumps, IsSupported);

    /// <summary>The same, as a test says whether this system is supported.</summary>
    internal static LinuxPageSource Create(bool excludeFromCoreDumps, bool isSupported) => isSupported
        ? new LinuxPageSource(excludeFromCoreDumps)
        : throw new PlatformNotSupportedException(
            "Expected Linux on x64, where BoundedByteCache keeps its bytes in native memory, got "
            + $"{RuntimeInformation.OSDescription} ({RuntimeInformation.ProcessArchitecture}). "
            + "BoundedMemoryCache runs on every system.");

    public nint TryMap(nuint length, nuint alignment)
    {
        nint start = Map(0, length, ReadAndWrite, PrivateAnonymousNoReserve, -1, 0);
        if (start == -1)
        {
            return 0;
        }

        if (((nuint)start & (alignment - 1)) != 0)
        {
            _ = MUnmap(start, length);
            start = MapAligned(length, alignment);
            if (start == 0)
            {
                return 0;
            }
        }

        // Without huge pages: the kernel would fill the gaps that were given back. A kernel without them refuses the
        // advice, which is as good.
        _ = Advise(start, length, NoHugePages);
        if (excludeFromCoreDumps && Advise(start, length, DontDump) != 0)
        {
            _ = MUnmap(start, length);
            return 0;
        }

        return start;
    }

    /// <remarks>Locked pages (<c>mlockall</c>) cannot be given back.</remarks>
    public bool TryGiveBack(nint start, nuint length) => Advise(start, length, DontNeed) == 0;

    public void Unmap(nint start, nuint length) => _ = MUnmap(start, length);

    /// <summary>Maps more than is needed, and gives up what lies before and after.</summary>
    private static nint MapAligned(nuint length, nuint alignment)
    {
        nint wide = Map(0, length + alignment, ReadAndWrite, PrivateAnonymousNoReserve, -1, 0);
        if (wide == -1)
        {
            return 0;
        }

        nint start = (nint)(((nuint)wide + alignment - 1) & ~(alignment - 1));
        if (start > wide)
        {
            _ = MUnmap(wide, (nuint)(start - wide));
        }

        nuint after = (nuint)(wide + (nint)(length + alignment) - (start + (nint)length));
        if (after > 0)
        {
            _ = MUnmap(start + (nint)length, after);
        }

        return start;
    }

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint Map(nint address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "munmap")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int MUnmap(nint address, nuint length);

    [LibraryImport("libc", EntryPoint = "madvise")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Advise(nint address, nuint length, int advice);
}
