using System.Runtime.InteropServices;

namespace BoundedCache.LoadService.Control;

/// <summary>
/// The service's other code: native and managed memory that it takes in blocks and gives back. Thread-safe.
/// </summary>
internal sealed class OtherCode : IDisposable
{
    private const int ArrayBytes = 8 * 1024;

    private readonly Lock _lock = new();
    private readonly Stack<nint> _native = new();
    private readonly Stack<List<byte[]>> _managed = new();

    /// <summary>Takes one block of each more.</summary>
    public unsafe void Take(int nativeBytes, int managedBytes)
    {
        lock (_lock)
        {
            void* block = NativeMemory.Alloc((nuint)nativeBytes);
            new Span<byte>(block, nativeBytes).Fill(1);
            _native.Push((nint)block);
            List<byte[]> arrays = [];
            for (int taken = 0; taken < managedBytes; taken += ArrayBytes)
            {
                arrays.Add(new byte[ArrayBytes]);
            }

            _managed.Push(arrays);
        }
    }

    /// <summary>Gives the last block of each back.</summary>
    public unsafe void GiveBack()
    {
        lock (_lock)
        {
            if (_native.TryPop(out nint block))
            {
                NativeMemory.Free((void*)block);
                _managed.Pop();
            }
        }
    }

    public void Dispose()
    {
        while (_native.Count > 0)
        {
            GiveBack();
        }
    }
}
