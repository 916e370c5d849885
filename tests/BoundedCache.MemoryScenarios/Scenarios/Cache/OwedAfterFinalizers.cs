namespace BoundedCache.MemoryScenarios.Scenarios.Cache;

/// <summary>Values whose finalizers do not return while the release waits for them.</summary>
internal sealed class OwedAfterFinalizers : OwedScenario
{
    private static readonly ManualResetEventSlim s_over = new();

    protected override int ValueBytes => 10_000;

    protected override object Make() => new Value(ValueBytes);

    protected override void LetGo() => s_over.Set();

    private sealed class Value(int length)
    {
        private readonly byte[] _bytes = new byte[length];

        ~Value() => s_over.Wait(_bytes[0] + Timeout.Infinite);
    }
}
