using System.Buffers;

namespace BoundedCache.Bytes;

/// <summary>A writer that is told the length of a large value before it gets it in pieces.</summary>
internal interface ISizedBufferWriter : IBufferWriter<byte>
{
    /// <summary>Says how many bytes follow. Called without a lock, once, before the first piece.</summary>
    void Expect(int length);
}
