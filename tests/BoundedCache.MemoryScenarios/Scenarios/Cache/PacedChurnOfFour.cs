namespace BoundedCache.MemoryScenarios.Scenarios;

/// <summary>The same with four caches that share the limit.</summary>
internal sealed class PacedChurnOfFour : PacedChurn
{
    protected override int Caches => 4;
}
