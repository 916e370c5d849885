namespace BoundedCache.MemoryScenarios.Scenarios;

/// <summary>Values with finalizers, which keep the 1 KiB that each refers to until they have run.</summary>
internal class Finalizable : DropScenario
{
    private const int Length = 1024;

    protected override int Count => (int)(TotalBytes / ValueBytes);

    protected override long ValueBytes => Length + 24 + 32;

    protected override object Make() => new Value();

    private sealed class Value
    {
        private static long s_finalized;

        private readonly byte[] _bytes = new byte[Length];

        ~Value() => Interlocked.Add(ref s_finalized, _bytes[0] + 1);
    }
}
