using BoundedCache.Comparisons.Output;
using BoundedCache.Harness.Peers;

namespace BoundedCache.Comparisons.Latency;

/// <summary>
/// Measures some caches in some situations, each in a fresh process; and in each the schedule alone, for what
/// the machine does by itself.
/// </summary>
internal sealed class LatencyRun(
    IReadOnlyList<Peer> peers, IReadOnlyList<Situation> situations, LatencyCase template, Progress progress)
{
    public async Task<IReadOnlyList<LatencyRow>> RunAsync(CancellationToken cancellationToken)
    {
        (Situation Situation, string Peer)[] cases = [.. situations.SelectMany(situation =>
            peers.Where(peer => Can(peer, situation)).Select(static peer => peer.Name).Prepend(LatencyCase.Nothing)
                .Select(name => (situation, name)))];
        var rows = new List<LatencyRow>();
        progress.Begin(cases.Length);
        foreach ((Situation situation, string peer) in cases)
        {
            progress.Step($"{peer}, {Describe(situation)}");
            LatencySample sample = await Child.MeasureAsync(
                template with { Peer = peer, Situation = situation }, cancellationToken).ConfigureAwait(false);
            rows.Add(new LatencyRow(Describe(situation), peer, template.Rate, sample));
        }

        return rows;
    }

    private static bool Can(Peer peer, Situation situation) => situation switch
    {
        Situation.Shrink => peer.CanShrink,
        Situation.Expiry => peer.CanExpire,
        _ => true,
    };

    private string Describe(Situation situation) => situation switch
    {
        Situation.Shrink => $"while 90 % of {template.Entries:N0} entries are evicted",
        Situation.Expiry => $"while {template.Entries:N0} entries expire",
        _ => $"steady, {template.Entries:N0} entries",
    };
}

/// <summary>What came out for one cache in one situation.</summary>
internal sealed record LatencyRow(string Situation, string Peer, int Rate, LatencySample Sample);
