using System.Runtime.CompilerServices;

namespace BoundedCache.ExplainRss.Causes;

/// <summary>Threads that once used deep stacks: their stack pages stay resident while they live.</summary>
internal sealed class Threads : Cause
{
    private const int BytesEach = 1024 * 1024;

    private readonly TaskCompletionSource _end = new();
    private readonly List<Thread> _threads = [];

    public override string Name => "threads";

    public override string Description => "Many idle threads, each of which once used 1 MiB of its stack.";

    public override MemoryReportCause? Finding => MemoryReportCause.ThreadStacks;

    public override void Build(long bytes)
    {
        int count = (int)Math.Max(1, bytes / BytesEach);
        using var deep = new CountdownEvent(count);
        for (int i = 0; i < count; i++)
        {
            var thread = new Thread(
                () =>
                {
                    TouchStack();
                    deep.Signal();
                    _end.Task.Wait();
                },
                maxStackSize: 2 * BytesEach);
            thread.IsBackground = true;
            thread.Start();
            _threads.Add(thread);
        }

        deep.Wait();
    }

    public override void LetGo()
    {
        _end.SetResult();
        _threads.ForEach(static thread => thread.Join());
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void TouchStack()
    {
        Span<byte> stack = stackalloc byte[BytesEach - (16 * 1024)];
        stack.Fill(1);
    }
}
