namespace BoundedCache.MemoryScenarios.Scenarios.Cache;

/// <summary>Values of 1 KiB whose survivors lie scattered over the heap, released gently.</summary>
internal sealed class GentleSmallAtRandom : ShrinkSmallAtRandom
{
    protected override ReleaseMode DefaultMode => ReleaseMode.Gentle;
}
