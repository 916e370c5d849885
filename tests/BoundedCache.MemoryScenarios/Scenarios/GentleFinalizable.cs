namespace BoundedCache.MemoryScenarios.Scenarios;

/// <summary>Values with finalizers, released gently.</summary>
internal sealed class GentleFinalizable : Finalizable
{
    protected override ReleaseMode Mode => ReleaseMode.Gentle;
}
