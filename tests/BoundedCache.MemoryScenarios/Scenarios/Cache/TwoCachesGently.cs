namespace BoundedCache.MemoryScenarios.Scenarios.Cache;

/// <summary>The same, released gently.</summary>
internal sealed class TwoCachesGently : TwoCaches
{
    protected override ReleaseMode Mode => ReleaseMode.Gentle;
}
