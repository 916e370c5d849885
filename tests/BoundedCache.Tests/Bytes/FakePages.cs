using BoundedCache.Bytes;

namespace BoundedCache.Tests.Bytes;

/// <summary>Pages of the real system, counted, and refused where a test says so.</summary>
internal sealed unsafe class FakePages(bool excludeFromCoreDumps = false) : IPageSource
{
    private readonly LinuxPageSource _real = new(excludeFromCoreDumps);
    private readonly List<(nint Start, nuint Length)> _mappings = [];
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
        nint start = _real.TryMap(length, alignment);
        _mappings.Add((start, length));
        return start;
    }

    /// <summary>Where the mappings begin.</summary>
    public IEnumerable<nint> Starts => _mappings.Select(static mapping => mapping.Start);

    /// <summary>How often some bytes stand in the mapped memory. The cache must be alive and quiet.</summary>
    public int CountOf(ReadOnlySpan<byte> bytes)
    {
        int count = 0;
        foreach ((nint start, nuint length) in _mappings)
        {
            count += new ReadOnlySpan<byte>((void*)start, (int)length).Count(bytes);
        }

        return count;
    }

    /// <summary>Called before pages are given back.</summary>
    public Action? OnGiveBack { get; set; }

    /// <summary>Whether memory stays where it is, as locked memory does.</summary>
    public bool IsLocked { get; set; }

    public bool TryGiveBack(nint start, nuint length)
    {
        OnGiveBack?.Invoke();
        return !IsLocked && _real.TryGiveBack(start, length);
    }

    public void Unmap(nint start, nuint length)
    {
        Interlocked.Add(ref _unmapped, (long)length);
        _real.Unmap(start, length);
    }
}
