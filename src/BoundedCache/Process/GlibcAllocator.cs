using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace BoundedCache.Process;

/// <summary>
/// Trims the native allocator (<c>malloc</c>) of this process. Tests replace it with a fake.
/// </summary>
internal interface INativeAllocator
{
    /// <summary>Makes the allocator return its free pages to the operating system.</summary>
    /// <returns>False where the allocator cannot do that. Never throws.</returns>
    bool TryTrim();

    /// <summary>
    /// The address of the <c>malloc</c> that native code of this process calls; 0 where it is not known.
    /// </summary>
    long MallocAddress => 0;
}

/// <summary>
/// Finds the allocator that native code uses instead of the C library's, such as jemalloc, mimalloc or tcmalloc. What
/// the C library says of its memory is nothing then, and its <c>malloc_trim</c> has no effect on that allocator.
/// </summary>
internal static class ForeignAllocator
{
    private const string MapsPath = "/proc/self/maps";

    private static readonly string[] s_known = ["jemalloc", "mimalloc", "tcmalloc", "snmalloc", "hoard", "scudo"];

    /// <summary>Reads the mappings and finds it.</summary>
    /// <returns>Default for the C library's own, or where the mappings cannot be read.</returns>
    public static MallocOwner Read(ProcessMemory memory)
    {
        using Stream? stream = memory.Files.Open(MapsPath);
        return stream is not null && MappingReader.Read(stream) is { } mappings
            ? Find(mappings, memory.Allocator.MallocAddress)
            : default;
    }

    /// <summary>Finds it among the mappings.</summary>
    /// <param name="mappings">All mappings.</param>
    /// <param name="mallocAddress">The address of <c>malloc</c>; 0 where it is not known.</param>
    /// <returns>Default for the C library's own.</returns>
    public static MallocOwner Find(IReadOnlyList<Mapping> mappings, long mallocAddress)
    {
        // The file that malloc lies in is sure. Without it, a library of such a name is likely the allocator.
        string? file = mappings
            .Where(mapping => mapping.Start <= mallocAddress && mallocAddress < mapping.End)
            .Select(static mapping => Path.GetFileName(mapping.Path))
            .FirstOrDefault();
        if (file is not null)
        {
            // A file of another name may be an allocator, or look at the calls and pass them on to the C library.
            return IsCLibrary(file) ? default
                : NameOf(file) is string known ? new MallocOwner(known, null)
                : new MallocOwner(null, file);
        }

        string? loaded = mappings.Select(static mapping => NameOf(Path.GetFileName(mapping.Path))).FirstOrDefault(
            static name => name is not null);
        return new MallocOwner(loaded, null);
    }

    private static string? NameOf(string? file) =>
        file is null ? null : s_known.FirstOrDefault(name => file.Contains(name, StringComparison.OrdinalIgnoreCase));

    private static bool IsCLibrary(string file) =>
        file.StartsWith("libc.", StringComparison.Ordinal)
        || file.StartsWith("libc-", StringComparison.Ordinal)
        || file.StartsWith("ld-", StringComparison.Ordinal);
}

/// <summary>Whose <c>malloc</c> native code calls, where it is not the C library's.</summary>
/// <param name="Foreign">The name of another allocator; null where none is known.</param>
/// <param name="Unknown">
/// The file that <c>malloc</c> lies in, where it is not known whether that is an allocator; otherwise null.
/// </param>
internal readonly record struct MallocOwner(string? Foreign, string? Unknown);

/// <summary>
/// Trims the allocator of the GNU C library with <c>malloc_trim</c>. Other C libraries, such as musl, and other systems
/// do not have it.
/// </summary>
internal sealed unsafe class GlibcAllocator : INativeAllocator
{
    private static readonly delegate* unmanaged<nuint, int> s_trim = Find();

    /// <inheritdoc/>
    public long MallocAddress =>
        OperatingSystem.IsLinux()
        && NativeLibrary.TryGetExport(NativeLibrary.GetMainProgramHandle(), "malloc", out nint malloc)
            ? malloc
            : 0;

    /// <inheritdoc/>
    public bool TryTrim()
    {
        if (s_trim is null)
        {
            return false;
        }

        // It takes each arena's lock in turn, so native threads that allocate may wait for it.
        _ = s_trim(0);
        return true;
    }

    private static delegate* unmanaged<nuint, int> Find() =>
        OperatingSystem.IsLinux()
        && NativeLibrary.TryLoad("libc.so.6", out nint library)
        && NativeLibrary.TryGetExport(library, "malloc_trim", out nint function)
            ? (delegate* unmanaged<nuint, int>)function
            : null;
}

/// <summary>
/// Reads how much memory the native allocator (<c>malloc</c>) of this process has. Tests replace it with a fake.
/// </summary>
internal interface INativeHeap
{
    /// <summary>Reads its figures.</summary>
    /// <returns>Null where it has none, as on musl, Windows and macOS.</returns>
    NativeHeapReading? Read();
}

/// <summary>The native allocator's own figures, in bytes.</summary>
/// <param name="InUseBytes">Allocated and not freed, blocks with a mapping of their own included.</param>
/// <param name="FreeBytes">Freed, and kept for the next allocation; resident or not.</param>
internal readonly record struct NativeHeapReading(long InUseBytes, long FreeBytes);

/// <summary>
/// Reads the allocator of glibc, from version 2.33 on, with <c>mallinfo2(3)</c>. That call adds up all arenas and takes
/// each one's lock in turn.
/// </summary>
internal sealed partial class GnuNativeHeap : INativeHeap
{
    /// <inheritdoc/>
    public NativeHeapReading? Read()
    {
        if (!OperatingSystem.IsLinux())
        {
            return null;
        }

        try
        {
            Account account = ReadAccount();
            return new NativeHeapReading((long)account.InUse + (long)account.MappedBytes, (long)account.Free);
        }
        catch (Exception exception) when (exception is EntryPointNotFoundException or DllNotFoundException)
        {
            return null;
        }
    }

    [LibraryImport("libc", EntryPoint = "mallinfo2")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial Account ReadAccount();

    /// <summary><c>struct mallinfo2</c> of glibc.</summary>
    [StructLayout(LayoutKind.Sequential)]
    [SuppressMessage("Style", "IDE0051", Justification = "glibc defines the layout.")]
    private readonly struct Account
    {
        private readonly nuint _arena;
        private readonly nuint _freeChunks;
        private readonly nuint _fastChunks;
        private readonly nuint _mappedChunks;
        public readonly nuint MappedBytes;
        private readonly nuint _unused;
        private readonly nuint _fastBytes;
        public readonly nuint InUse;
        public readonly nuint Free;
        private readonly nuint _trimmable;
    }
}
