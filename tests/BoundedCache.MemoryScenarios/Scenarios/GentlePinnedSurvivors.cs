namespace BoundedCache.MemoryScenarios.Scenarios;

/// <summary>Scattered survivors, all pinned, released gently.</summary>
internal sealed class GentlePinnedSurvivors : PinnedSurvivors
{
    protected override ReleaseMode Mode => ReleaseMode.Gentle;
}
