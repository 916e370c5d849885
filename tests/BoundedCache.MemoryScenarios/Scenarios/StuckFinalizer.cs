namespace BoundedCache.MemoryScenarios.Scenarios;

/// <summary>Values whose finalizers do not return while the release waits for them.</summary>
internal sealed class StuckFinalizer : DropScenario
{
    private const int Length = 1024;

    private static readonly ManualResetEventSlim s_over = new();

    protected override int Count => (int)(TotalBytes / ValueBytes);

    protected override long ValueBytes => Length + 24 + 32;

    protected override object Make() => new Value();

    public override ScenarioResult Run(ProcessMemorySnapshot empty)
    {
        ScenarioResult result = base.Run(empty);
        // A process does not end before its finalizers let it.
        s_over.Set();
        return result;
    }

    private sealed class Value
    {
        private readonly byte[] _bytes = new byte[Length];

        ~Value() => s_over.Wait(_bytes[0] + Timeout.Infinite);
    }
}
