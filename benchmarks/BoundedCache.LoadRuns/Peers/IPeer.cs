namespace BoundedCache.LoadRuns.Peers;

/// <summary>A cache that plays the story, and the way in which its operator lowers its limit.</summary>
internal interface IPeer
{
    /// <summary>Its name on the command line and in results.</summary>
    string Name { get; }

    /// <summary>Its name for readers: which cache, and what is done to it.</summary>
    string Title { get; }

    /// <summary>The program that it needs and that is not installed; null where nothing is missing.</summary>
    string? MissingProgram { get; }

    /// <summary>Starts a service with this cache, and whatever server the cache needs.</summary>
    Task<IPeerSession> StartAsync(PeerSetup setup, CancellationToken cancellationToken);
}
