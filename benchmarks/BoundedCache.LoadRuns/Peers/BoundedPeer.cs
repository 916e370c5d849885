using System.Globalization;
using BoundedCache.LoadRuns.Processes;

namespace BoundedCache.LoadRuns.Peers;

/// <summary>A cache of ours, whose limit is lowered through its admin endpoint.</summary>
/// <param name="name">Its name in results.</param>
/// <param name="title">Its name for readers.</param>
/// <param name="cache">Which cache the service has.</param>
/// <param name="releaseMode">How memory is released; a byte cache needs no mode, and ignores it.</param>
internal sealed class BoundedPeer(string name, string title, string cache, string releaseMode) : IPeer
{
    public string Name => name;

    public string Title => title;

    public string? MissingProgram => null;

    public async Task<IPeerSession> StartAsync(PeerSetup setup, CancellationToken cancellationToken) => new Session(
        await ServiceProcess.StartAsync(
            new ServiceSetup
            {
                Cache = cache,
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
