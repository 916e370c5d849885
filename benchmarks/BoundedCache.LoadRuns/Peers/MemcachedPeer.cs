using BoundedCache.LoadRuns.Processes;

namespace BoundedCache.LoadRuns.Peers;

/// <summary>A memcached server beside the service: cache_memlimit.</summary>
internal sealed class MemcachedPeer : IPeer
{
    private const string Program = "memcached";

    public string Name => "memcached";

    public string Title => "memcached, cache_memlimit";

    public string? MissingProgram => PeerServer.Find(Program) is null ? Program : null;

    public async Task<IPeerSession> StartAsync(PeerSetup setup, CancellationToken cancellationToken) =>
        await ServerSession.StartAsync(
            "memcached",
            await PeerServer.StartMemcachedAsync(PeerServer.Find(Program)!, setup.MaxBytes, cancellationToken),
            setup,
            cancellationToken);
}
