using BoundedCache.LoadRuns.Processes;

namespace BoundedCache.LoadRuns.Peers;

/// <summary>A Redis server beside the service: CONFIG SET maxmemory, and when it has evicted, MEMORY PURGE.</summary>
internal sealed class RedisPeer : IPeer
{
    private const string Program = "redis-server";

    public string Name => "redis";

    public string Title => "Redis, MEMORY PURGE";

    public string? MissingProgram => PeerServer.Find(Program) is null ? Program : null;

    public async Task<IPeerSession> StartAsync(PeerSetup setup, CancellationToken cancellationToken) =>
        await ServerSession.StartAsync(
            "redis",
            await PeerServer.StartRedisAsync(PeerServer.Find(Program)!, setup.MaxBytes, cancellationToken),
            setup,
            cancellationToken);
}
