namespace BoundedCache.LoadRuns.Processes;

/// <summary>The service that is wanted: which cache, how large, under which conditions.</summary>
internal sealed record ServiceSetup
{
    /// <summary>The cache as the service names it.</summary>
    public required string Cache { get; init; }

    public required long MaxBytes { get; init; }

    /// <summary>How many items there are to ask for.</summary>
    public required long Items { get; init; }

    /// <summary>Where the cache's own server listens; 0 for none.</summary>
    public int PeerPort { get; init; }

    /// <summary>Whether the service runs under Server GC.</summary>
    public bool ServerGC { get; init; }
}
