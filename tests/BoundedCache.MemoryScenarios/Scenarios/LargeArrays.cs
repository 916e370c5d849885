namespace BoundedCache.MemoryScenarios.Scenarios;

/// <summary>Values of 1 MB on the large-object heap, of which one in ten stays, scattered.</summary>
internal sealed class LargeArrays : DropScenario
{
    private const int Length = 1000 * 1000;

    protected override int Count => (int)(TotalBytes / ValueBytes);

    protected override long ValueBytes => Length + 24;

    protected override object Make()
    {
        byte[] value = new byte[Length];
        // Zeros that nobody wrote may be pages that the process does not occupy.
        Array.Fill(value, (byte)1);
        return value;
    }

    protected override bool Survives(int index) => OneInTen();
}
