namespace BoundedCache.MemoryScenarios.Scenarios;

/// <summary>The same without pacing.</summary>
internal sealed class UnpacedChurn : PacedChurn
{
    protected override double PacingShare => 0;
}
