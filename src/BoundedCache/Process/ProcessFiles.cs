using System.Diagnostics.CodeAnalysis;
using Microsoft.Win32.SafeHandles;

namespace BoundedCache.Process;

/// <summary>
/// The real files of <c>/proc</c> and its kin, read without a stream, a decoder or a buffer of its own.
/// </summary>
internal sealed class ProcessFiles : IProcessFiles
{
    /// <inheritdoc/>
    [SuppressMessage("ApiDesign", "RS0030", Justification = "The one seam through which such files are read.")]
    [SuppressMessage(
        "Design",
        "CA1031",
        Justification = "A figure that cannot be had is reported as absent, whatever stood in its way.")]
    public int Read(string path, Span<byte> buffer)
    {
        try
        {
            using SafeFileHandle file = File.OpenHandle(path);
            int total = 0;
            while (total < buffer.Length)
            {
                // The kernel hands such files out in pieces, and calls their length zero: only
                // an empty read is the end.
                int read = RandomAccess.Read(file, buffer[total..], total);
                if (read <= 0)
                {
                    break;
                }

                total += read;
            }

            return total;
        }
        catch (Exception)
        {
            return -1;
        }
    }

    /// <inheritdoc/>
    [SuppressMessage("ApiDesign", "RS0030", Justification = "The one seam through which such files are read.")]
    [SuppressMessage(
        "Design",
        "CA1031",
        Justification = "A figure that cannot be had is reported as absent, whatever stood in its way.")]
    public Stream? Open(string path)
    {
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
        }
        catch (Exception)
        {
            return null;
        }
    }
}
