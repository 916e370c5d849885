using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace BoundedCache.Process;

/// <summary>
/// The allocator of glibc, from version 2.33 on, asked with <c>mallinfo2(3)</c>, which adds up all its arenas and takes
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
    [SuppressMessage("Style", "IDE0051", Justification = "The layout is not ours.")]
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
