using System.Runtime.InteropServices;

namespace BoundedCache.ExplainRss.Causes;

/// <summary>Native memory that is never freed.</summary>
internal sealed unsafe class Native : Cause
{
    private readonly List<nint> _blocks = [];

    public override string Name => "native";

    public override string Description => "Native memory (malloc) that nobody frees, as a leak in a native library.";

    public override MemoryReportCause? Finding => MemoryReportCause.NativeInUse;

    public override void Build(long bytes)
    {
        const int block = 64 * 1024;
        for (long built = 0; built < bytes; built += block)
        {
            void* memory = NativeMemory.Alloc(block);
            new Span<byte>(memory, block).Fill(1);
            _blocks.Add((nint)memory);
        }
    }

    public override void LetGo() => _blocks.ForEach(static block => NativeMemory.Free((void*)block));
}
