using System.Runtime.InteropServices;

namespace BoundedCache.Process;

/// <summary>
/// The allocator of the GNU C library, which has <c>malloc_trim</c>. Other C libraries (musl) and systems have not;
/// there is then nothing to ask.
/// </summary>
internal sealed unsafe class GlibcAllocator : INativeAllocator
{
    private static readonly delegate* unmanaged<nuint, int> s_trim = Find();

    /// <inheritdoc/>
    public bool TryTrim()
    {
        if (s_trim is null)
        {
            return false;
        }

        // It walks every arena under that arena's lock: native threads that allocate meanwhile may wait for it.
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
