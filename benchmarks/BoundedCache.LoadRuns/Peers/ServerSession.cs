using BoundedCache.LoadRuns.Processes;
using BoundedCache.LoadService.Control;

namespace BoundedCache.LoadRuns.Peers;

/// <summary>A service whose cache is a server beside it: that server's memory is what counts.</summary>
internal sealed class ServerSession : IPeerSession
{
    private readonly PeerServer _server;

    private ServerSession(PeerServer server, ServiceProcess service)
    {
        _server = server;
        Service = service;
    }

    public ServiceProcess Service { get; }

    public int MemoryProcessId => _server.ProcessId;

    /// <summary>Starts the service beside a server, and ends the server if that fails.</summary>
    public static async Task<IPeerSession> StartAsync(
        string cache, PeerServer server, PeerSetup setup, CancellationToken cancellationToken)
    {
        try
        {
            var service = new ServiceSetup
            {
                Cache = cache,
                MaxBytes = setup.MaxBytes,
                Items = setup.Items,
                ServerGC = setup.ServerGC,
                PeerPort = server.Port,
            };
            return new ServerSession(server, await ServiceProcess.StartAsync(service, group: null, cancellationToken));
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    public async Task<LimitChange> SetLimitAsync(long maxBytes, CancellationToken cancellationToken)
    {
        LimitAnswer answer = await Service.SetLimitAsync(maxBytes, cancellationToken);
        return new LimitChange { Done = FormattableString.Invariant($"{answer.Done} in {answer.Milliseconds:0} ms") };
    }

    public async ValueTask DisposeAsync()
    {
        await Service.DisposeAsync();
        await _server.DisposeAsync();
    }
}
