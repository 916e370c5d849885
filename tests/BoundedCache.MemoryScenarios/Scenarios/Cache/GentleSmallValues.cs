namespace BoundedCache.MemoryScenarios.Scenarios.Cache;

/// <summary>Values of 1 KiB, evicted in the order in which they came and released gently.</summary>
internal sealed class GentleSmallValues : ShrinkSmallValues
{
    protected override ReleaseMode DefaultMode => ReleaseMode.Gentle;
}
