namespace BoundedCache.MemoryScenarios.Scenarios;

/// <summary>Values of 1 KiB, of which the youngest tenth stays.</summary>
internal class SmallArrays : DropScenario
{
    private const int Length = 1024;

    protected override int Count => (int)(TotalBytes / ValueBytes);

    protected override long ValueBytes => Length + 24;

    protected override object Make() => new byte[Length];
}
