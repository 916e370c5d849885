using BoundedCache.Comparisons.Output;
using BoundedCache.Harness;
using BoundedCache.Harness.Peers;

namespace BoundedCache.Comparisons.Throughput;

/// <summary>
/// Measures some caches under some loads: for each load, round by round, one fresh process for each cache in turn, so
/// that a slow minute of the machine falls on all of them alike.
/// </summary>
internal sealed class ThroughputRun(
    IReadOnlyList<Peer> peers, IReadOnlyList<ThroughputCase> loads, int rounds, Progress progress)
{
    public async Task<IReadOnlyList<ThroughputRow>> RunAsync(CancellationToken cancellationToken)
    {
        var rows = new List<ThroughputRow>();
        progress.Begin(loads.Count * peers.Count * rounds);
        foreach (ThroughputCase load in loads)
        {
            var samples = peers.ToDictionary(static peer => peer, static _ => new List<ThroughputSample>());
            for (int round = 0; round < rounds; round++)
            {
                // Another one begins each time: what runs after a pause of the machine has it easier, or harder.
                foreach (Peer peer in peers.Skip(round % peers.Count).Concat(peers.Take(round % peers.Count)))
                {
                    ThroughputCase work = load with { Peer = peer.Name };
                    progress.Step($"{work}, round {round + 1} of {rounds}");
                    samples[peer].Add(await Child.MeasureAsync(work, cancellationToken).ConfigureAwait(false));
                }
            }

            rows.AddRange(
                peers.Select(peer => new ThroughputRow(load.Load, peer.Name, Median(samples[peer]), samples[peer])));
        }

        return rows;
    }

    /// <summary>Figure by figure.</summary>
    private static ThroughputSample Median(List<ThroughputSample> samples)
    {
        return new ThroughputSample
        {
            OpsPerSecond = Of(static sample => sample.OpsPerSecond)!.Value,
            HitRatio = Of(static sample => sample.HitRatio),
            GCPauseMilliseconds = Of(static sample => sample.GCPauseMilliseconds)!.Value,
            Gen0 = (int)Of(static sample => sample.Gen0)!.Value,
            Gen1 = (int)Of(static sample => sample.Gen1)!.Value,
            Gen2 = (int)Of(static sample => sample.Gen2)!.Value,
            CpuSeconds = Of(static sample => sample.CpuSeconds)!.Value,
            BytesPerEntry = Of(static sample => sample.BytesPerEntry)!.Value,
            OverLimit = Of(static sample => sample.OverLimit),
            Refused = Of(static sample => sample.Refused),
            StoredPerSecond = Of(static sample => sample.StoredPerSecond)!.Value,
            Entries = (long)Of(static sample => sample.Entries)!.Value,
        };

        double? Of(Func<ThroughputSample, double?> figure) =>
            samples.Select(figure).All(static value => value is not null)
                ? Statistics.Median(samples.Select(sample => figure(sample)!.Value))
                : null;
    }
}

/// <summary>What came out for one cache under one load: the medians, and every process's own figures.</summary>
internal sealed record ThroughputRow(
    string Load, string Peer, ThroughputSample Median, IReadOnlyList<ThroughputSample> Samples);
