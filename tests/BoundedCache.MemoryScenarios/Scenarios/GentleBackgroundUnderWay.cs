namespace BoundedCache.MemoryScenarios.Scenarios;

/// <summary>A gentle release that comes while a collection in the background has just begun.</summary>
internal sealed class GentleBackgroundUnderWay : BackgroundUnderWay
{
    protected override ReleaseMode Mode => ReleaseMode.Gentle;
}
