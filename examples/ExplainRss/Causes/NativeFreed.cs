using System.Runtime.InteropServices;

namespace BoundedCache.ExplainRss.Causes;

/// <summary>
/// Native memory that several threads allocated and freed, except for a small block at the top of each
/// arena, which keeps the rest.
/// </summary>
internal sealed unsafe class NativeFreed : Cause
{
    private const int Block = 32 * 1024;
    private const int ThreadCount = 4;

    private readonly List<nint> _kept = [];

    public override string Name => "native-freed";

    public override string Description =>
        "Native memory that four threads allocated and freed again: their allocator arenas keep it.";

    public override MemoryReportCause? Finding => MemoryReportCause.NativeArenas;

    public override void Build(long bytes)
    {
        using var together = new Barrier(ThreadCount);
        List<Thread> threads = [.. Enumerable.Range(0, ThreadCount)
            .Select(_ => new Thread(() => AllocateAndFree(bytes / ThreadCount, together)))];
        threads.ForEach(static thread => thread.Start());
        threads.ForEach(static thread => thread.Join());
    }

    public override void LetGo() => _kept.ForEach(static block => NativeMemory.Free((void*)block));

    private void AllocateAndFree(long bytes, Barrier together)
    {
        // Threads that allocate at the same time get different arenas.
        together.SignalAndWait();
        List<nint> blocks = [];
        for (long built = 0; built < bytes; built += Block)
        {
            void* memory = NativeMemory.Alloc(Block);
            new Span<byte>(memory, Block).Fill(1);
            blocks.Add((nint)memory);
        }

        // An arena shrinks only from its top; one small block there keeps all of it.
        nint last = (nint)NativeMemory.Alloc(Block);
        together.SignalAndWait();
        blocks.ForEach(static block => NativeMemory.Free((void*)block));
        lock (_kept)
        {
            _kept.Add(last);
        }
    }
}
