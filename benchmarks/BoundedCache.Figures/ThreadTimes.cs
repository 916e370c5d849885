using System.Buffers.Text;
using Microsoft.Win32.SafeHandles;

namespace BoundedCache.Figures;

/// <summary>
/// For how long a thread was ready to run and waited for a processor, as Linux counts it: what tells a
/// thread that somebody holds up from one that the machine has no processor for. Elsewhere nothing is known,
/// and nothing is taken off.
/// </summary>
/// <remarks>
/// To be made by the thread itself. Asking takes about a microsecond, so what was slow is asked
/// about and not everything.
/// </remarks>
internal sealed class ThreadTimes : IDisposable
{
    // The library reads /proc through its own seam, for the whole process. This is one thread's, and of
    // no use but in measuring.
    private const string Path = "/proc/thread-self/schedstat";

    private readonly SafeFileHandle? _file = File.Exists(Path) ? File.OpenHandle(Path) : null;
    private long _waited;

    /// <returns>Nanoseconds without a processor since the last call. None for a thread that is gone.</returns>
    public long TakeWaited()
    {
        if (_file is null)
        {
            return 0;
        }

        Span<byte> text = stackalloc byte[64];
        try
        {
            text = text[..RandomAccess.Read(_file, text, 0)];
        }
        catch (IOException)
        {
            return 0;
        }

        // The time for which it ran, the time for which it waited, and how often.
        text = text[(text.IndexOf((byte)' ') + 1)..];
        long before = _waited;
        return Utf8Parser.TryParse(text, out _waited, out _) ? _waited - before : 0;
    }

    public void Dispose() => _file?.Dispose();
}
