using System.Buffers;

namespace BoundedCache.Tests.Bytes;

/// <summary>A writer that runs code once, before it returns memory: while a reader is inside the cache.</summary>
internal sealed class Interrupting(Action interrupt) : IBufferWriter<byte>
{
    private readonly ArrayBufferWriter<byte> _inner = new();
    private Action? _interrupt = interrupt;

    public byte[] Written => _inner.WrittenSpan.ToArray();

    public void Advance(int count) => _inner.Advance(count);

    public Memory<byte> GetMemory(int sizeHint = 0) => throw new NotSupportedException();

    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Interlocked.Exchange(ref _interrupt, null)?.Invoke();
        return _inner.GetSpan(sizeHint);
    }
}

/// <summary>Sequences that are not what they say.</summary>
internal static class Sequences
{
    /// <summary>A sequence of one byte and a piece, which together say that they are longer.</summary>
    public static ReadOnlySequence<byte> Claiming(ReadOnlyMemory<byte> piece, int claimed)
    {
        var first = new Segment(new byte[1], 0);
        var last = new Segment(piece, claimed - piece.Length);
        first.Append(last);
        return new ReadOnlySequence<byte>(first, 0, last, piece.Length);
    }

    /// <summary>A sequence that runs code while its second half is read.</summary>
    public static ReadOnlySequence<byte> Hooked(byte[] bytes, Action onRead)
    {
        int half = bytes.Length / 2;
        var first = new Segment(bytes.AsMemory(0, half), 0);
        var last = new Segment(new HookedMemory(bytes[half..], onRead).Memory, half);
        first.Append(last);
        return new ReadOnlySequence<byte>(first, 0, last, bytes.Length - half);
    }

    /// <summary>A sequence that says that it is longer once its first half was read.</summary>
    public static ReadOnlySequence<byte> Growing(byte[] bytes, int more)
    {
        int half = bytes.Length / 2;
        var last = new Segment(bytes.AsMemory(half), half);
        var first = new Segment(new HookedMemory(bytes[..half], () => last.MoveBy(more)).Memory, 0);
        first.Append(last);
        return new ReadOnlySequence<byte>(first, 0, last, bytes.Length - half);
    }

    private sealed class HookedMemory(byte[] bytes, Action onRead) : MemoryManager<byte>
    {
        private Action? _onRead = onRead;

        public override Memory<byte> Memory => CreateMemory(bytes.Length);

        public override Span<byte> GetSpan()
        {
            Interlocked.Exchange(ref _onRead, null)?.Invoke();
            return bytes;
        }

        public override MemoryHandle Pin(int elementIndex = 0) => throw new NotSupportedException();

        public override void Unpin()
        {
        }

        protected override void Dispose(bool disposing)
        {
        }
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> memory, long index) => (Memory, RunningIndex) = (memory, index);

        public void Append(Segment next) => Next = next;

        public void MoveBy(int bytes) => RunningIndex += bytes;
    }
}
