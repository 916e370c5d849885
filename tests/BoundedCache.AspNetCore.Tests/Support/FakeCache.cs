namespace BoundedCache.AspNetCore.Tests.Support;

/// <summary>A cache of the tests' own, with the figures that a test sets.</summary>
internal sealed class FakeCache(string name) : IBoundedCache
{
    public string Name => name;

    public long MaxMemory { get; set; } = 1000;

    public long EffectiveMaxMemory => MaxMemory;

    public long UsedMemory
    {
        get
        {
            OnLook?.Invoke();
            return IsBroken ? throw new NotSupportedException("The cache is broken.") : field;
        }

        set;
    }

    /// <summary>Runs when it is asked what it holds.</summary>
    public Action? OnLook { get; set; }

    /// <summary>Whether it throws when it is asked what it holds.</summary>
    public bool IsBroken { get; set; }

    public int Count { get; set; }

    public CacheSnapshot Snapshot { get; set; } = new();

    /// <summary>The modes that changes were asked for with.</summary>
    public List<ReleaseMode?> Modes { get; } = [];

    /// <summary>How changes end.</summary>
    public Task<ShrinkReport> Ending { get; set; } = Task.FromResult(new ShrinkReport { CacheName = name });

    public Task<ShrinkReport> SetMaxMemoryAsync(
        long maxMemory, ReleaseMode? releaseMode = null, CancellationToken cancellationToken = default)
    {
        MaxMemory = maxMemory;
        return ReleaseAsync(releaseMode, cancellationToken);
    }

    public Task<ShrinkReport> ReleaseAsync(
        ReleaseMode? releaseMode = null, CancellationToken cancellationToken = default)
    {
        Modes.Add(releaseMode);
        return Ending;
    }

    public CacheSnapshot GetSnapshot() => Snapshot;

    public void Compact(double percentage)
    {
    }

    public void Clear()
    {
    }
}
