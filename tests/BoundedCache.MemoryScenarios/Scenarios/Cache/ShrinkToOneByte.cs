namespace BoundedCache.MemoryScenarios.Scenarios.Cache;

/// <summary>The smallest limit there is: nothing stays.</summary>
internal sealed class ShrinkToOneByte : ShrinkSmallValues
{
    protected override long ShrunkBytes => 1;
}
