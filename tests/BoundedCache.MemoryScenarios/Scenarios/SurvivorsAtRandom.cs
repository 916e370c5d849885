namespace BoundedCache.MemoryScenarios.Scenarios;

/// <summary>Values of 1 KiB, of which one in ten stays, scattered over the whole heap.</summary>
internal class SurvivorsAtRandom : SmallArrays
{
    protected override bool Survives(int index) => OneInTen();
}
