using BoundedCache.LoadRuns.Processes;
using BoundedCache.LoadService.Control;

namespace BoundedCache.LoadRuns.Peers;

/// <summary>
/// Microsoft's MemoryCache. Its limit cannot be changed: its operator removes the entries that are too many, or
/// does nothing.
/// </summary>
internal sealed class MemoryCachePeer(bool compacts) : IPeer
{
    public string Name => compacts ? "memory-cache-compact" : "memory-cache";

    public string Title => compacts ? "MemoryCache, Compact" : "MemoryCache, nothing";

    public string? MissingProgram => null;

    public async Task<IPeerSession> StartAsync(PeerSetup setup, CancellationToken cancellationToken) => new Session(
        await ServiceProcess.StartAsync(
            new ServiceSetup
            {
                Cache = "memory-cache",
                MaxBytes = setup.MaxBytes,
                Items = setup.Items,
                ServerGC = setup.ServerGC,
            }, group: null, cancellationToken),
        compacts);

    private sealed class Session(ServiceProcess service, bool compacts) : IPeerSession
    {
        public ServiceProcess Service => service;

        public int MemoryProcessId => service.Id;

        public async Task<LimitChange> SetLimitAsync(long maxBytes, CancellationToken cancellationToken)
        {
            if (!compacts)
            {
                return new LimitChange { Done = "nothing: SizeLimit is fixed" };
            }

            LimitAnswer answer = await service.SetLimitAsync(maxBytes, cancellationToken);
            return new LimitChange
            {
                Done = FormattableString.Invariant($"{answer.Done} in {answer.Milliseconds:0} ms"),
            };
        }

        public ValueTask DisposeAsync() => service.DisposeAsync();
    }
}
