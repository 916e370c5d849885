using System.Globalization;
using BoundedCache.LoadRuns.Processes;

namespace BoundedCache.LoadRuns.Peers;

/// <summary>BoundedCache, whose limit is lowered through its admin endpoint.</summary>
internal sealed class BoundedPeer(string releaseMode) : IPeer
{
    public string Name => $"bounded-{releaseMode}";

    public string Title => $"BoundedCache, {releaseMode}";

    public string? MissingProgram => null;

    public async Task<IPeerSession> StartAsync(PeerSetup setup, CancellationToken cancellationToken) => new Session(
        await ServiceProcess.StartAsync(
            new ServiceSetup
            {
                Cache = "bounded",
                MaxBytes = setup.MaxBytes,
                Items = setup.Items,
                ServerGC = setup.ServerGC,
            }, group: null, cancellationToken),
        releaseMode);

    private sealed class Session(ServiceProcess service, string releaseMode) : IPeerSession
    {
        public ServiceProcess Service => service;

        public int MemoryProcessId => service.Id;

        public async Task<LimitChange> SetLimitAsync(long maxBytes, CancellationToken cancellationToken)
        {
            ShrinkAnswer answer = await service.SetLimitByAdminAsync(maxBytes, releaseMode, cancellationToken);
            return new LimitChange
            {
                Done = string.Create(
                    CultureInfo.InvariantCulture,
                    $"evicted {answer.EntriesEvicted:N0} entries in {answer.EvictionMilliseconds:0} ms; "
                    + $"{answer.TotalMilliseconds:0} ms in all"),
                PauseMilliseconds = answer.GcPauseMilliseconds,
                LongestPauseMilliseconds = answer.LongestGcPauseMilliseconds,
                Outcome = answer.Outcome,
                Reason = answer.Reason,
            };
        }

        public ValueTask DisposeAsync() => service.DisposeAsync();
    }
}
