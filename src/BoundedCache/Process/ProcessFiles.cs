using System.Diagnostics.CodeAnalysis;
using Microsoft.Win32.SafeHandles;

namespace BoundedCache.Process;

/// <summary>
/// The files in which the operating system describes this process. Tests replace them with fakes.
/// </summary>
internal interface IProcessFiles
{
    /// <summary>Reads the beginning of a file.</summary>
    /// <param name="path">An absolute path, for example <c>/proc/self/status</c>.</param>
    /// <param name="buffer">Filled up to the end of the file; if it is full, the file may be longer.</param>
    /// <returns>Bytes read, or -1 when the file is absent or cannot be read. Never throws.</returns>
    int Read(string path, Span<byte> buffer);

    /// <summary>Opens a file that may be long, to be read from its beginning to its end.</summary>
    /// <param name="path">An absolute path, for example <c>/proc/self/smaps</c>.</param>
    /// <returns>
    /// Null when the file is absent or cannot be opened. Reading it answers no bytes when it fails. Never throws.
    /// </returns>
    Stream? Open(string path);
}

/// <summary>
/// The real files, such as those of <c>/proc</c>.
/// </summary>
internal sealed class ProcessFiles : IProcessFiles
{
    /// <inheritdoc/>
    [SuppressMessage("ApiDesign", "RS0030", Justification = "The one place that opens such files.")]
    [SuppressMessage(
        "Design",
        "CA1031",
        Justification = "A figure that cannot be read is reported as absent, whatever the reason.")]
    public int Read(string path, Span<byte> buffer)
    {
        try
        {
            using SafeFileHandle file = File.OpenHandle(path);
            int total = 0;
            while (total < buffer.Length)
            {
                // Such files come in pieces and their length says zero, so only an empty read is the end.
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
    [SuppressMessage("ApiDesign", "RS0030", Justification = "The one place that opens such files.")]
    [SuppressMessage(
        "Design",
        "CA1031",
        Justification = "A figure that cannot be read is reported as absent, whatever the reason.")]
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
