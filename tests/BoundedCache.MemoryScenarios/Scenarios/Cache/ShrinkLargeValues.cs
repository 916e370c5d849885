namespace BoundedCache.MemoryScenarios.Scenarios.Cache;

/// <summary>Values of 100 to 200 KB, on the large-object heap.</summary>
internal class ShrinkLargeValues : ShrinkScenario
{
    protected override byte[] Make()
    {
        byte[] value = new byte[Random.Next(100_000, 200_000)];
        // Zeros that nobody wrote may be pages that the process does not occupy.
        Array.Fill(value, (byte)1);
        return value;
    }
}
