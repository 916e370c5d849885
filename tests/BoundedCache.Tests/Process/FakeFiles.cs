using System.Text;
using BoundedCache.Process;

namespace BoundedCache.Tests.Process;

/// <summary>Files of which a test wrote the text; null is an absent one.</summary>
internal sealed class FakeFiles(string? status) : IProcessFiles
{
    public int Read(string path, Span<byte> buffer)
    {
        if (status is null || path != "/proc/self/status")
        {
            return -1;
        }

        byte[] bytes = Encoding.Latin1.GetBytes(status);
        int length = Math.Min(bytes.Length, buffer.Length);
        bytes.AsSpan(0, length).CopyTo(buffer);
        return length;
    }

    public Stream? Open(string path) => null;
}
