using BoundedCache.LoadRuns.Processes;

namespace BoundedCache.LoadRuns.Peers;

/// <summary>A running service with its cache; ends with what it started when it is disposed.</summary>
internal interface IPeerSession : IAsyncDisposable
{
    ServiceProcess Service { get; }

    /// <summary>The process whose memory the cache takes: the service itself, or the cache's own server.</summary>
    int MemoryProcessId { get; }

    /// <summary>Sets the limit, and waits for the answer.</summary>
    Task<LimitChange> SetLimitAsync(long maxBytes, CancellationToken cancellationToken);
}
