using BoundedCache.Bytes;

namespace BoundedCache.Tests.Bytes;

/// <summary>Pages of the real system, counted, and refused where a test says so.</summary>
internal sealed class FakePages : IPageSource
{
    private readonly LinuxPageSource _real = new(excludeFromCoreDumps: false);
    private long _mapped;
    private long _unmapped;

    public int PageSize => _real.PageSize;

    /// <summary>Mappings that are allowed from now on.</summary>
    public int Allowed { get; set; } = int.MaxValue;

    public long MappedBytes => Interlocked.Read(ref _mapped);

    public long UnmappedBytes => Interlocked.Read(ref _unmapped);

    public nint TryMap(nuint length, nuint alignment)
    {
        if (Allowed-- <= 0)
        {
            return 0;
        }

        Interlocked.Add(ref _mapped, (long)length);
        return _real.TryMap(length, alignment);
    }

    public void GiveBack(nint start, nuint length) => _real.GiveBack(start, length);

    public void Unmap(nint start, nuint length)
    {
        Interlocked.Add(ref _unmapped, (long)length);
        _real.Unmap(start, length);
    }
}
