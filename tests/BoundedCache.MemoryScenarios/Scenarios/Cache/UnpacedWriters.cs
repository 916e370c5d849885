namespace BoundedCache.MemoryScenarios.Scenarios;

/// <summary>The same without pacing.</summary>
internal sealed class UnpacedWriters : PacedWriters
{
    protected override double PacingShare => 0;
}
