using BoundedCache.Comparisons.Output;
using BoundedCache.Harness.Peers;
using BoundedCache.Harness.Traces;

namespace BoundedCache.Comparisons.HitRatio;

/// <summary>
/// Replays traces, one request after the other on one thread: a miss stores what was asked for. Misses are counted and
/// not timed, so all run in this process.
/// </summary>
/// <param name="peers">The caches.</param>
/// <param name="limits">Limits in bytes; negative ones are percentages of what all keys weigh together.</param>
/// <param name="progress">Told of every replay.</param>
internal sealed class HitRatioRun(IReadOnlyList<Peer> peers, IReadOnlyList<long> limits, Progress progress)
{
    public const string Textbook = "textbook LRU";

    /// <summary>Requests between two looks whether the run was called off.</summary>
    private const int LookEvery = 1024;

    public IReadOnlyList<HitRatioRow> Run(IReadOnlyList<RequestSource> traces, CancellationToken cancellationToken)
    {
        var rows = new List<HitRatioRow>();
        progress.Begin(traces.Count * ((limits.Count * (peers.Count + 1)) + 1));
        foreach (RequestSource trace in traces)
        {
            progress.Step($"{trace.Name}: weighing its keys");
            (long weight, long keys) = Weigh(trace, cancellationToken);
            foreach (long limit in limits.Select(
                limit => limit > 0 ? limit : Math.Max(1, (long)(weight / 100.0 * -limit))))
            {
                progress.Step($"{trace.Name}, {ByteSize.Format(limit)}, {Textbook}");
                var lru = new TextbookLru(limit);
                rows.Add(Replay(trace, limit, Textbook, lru.Request, cancellationToken));
                foreach (Peer peer in peers)
                {
                    progress.Step($"{trace.Name}, {ByteSize.Format(limit)}, {peer.Name}");
                    using ICachePeer cache = peer.Create(new PeerSetup(limit)
                    {
                        // As many entries as fit on average. Where sizes differ, they may hold more bytes than allowed.
                        Entries = (long)(limit / ((double)weight / keys)),
                    });
                    rows.Add(Replay(trace, limit, peer.Name, request => Request(cache, request), cancellationToken));
                }
            }
        }

        return rows;
    }

    private static bool Request(ICachePeer cache, TraceRequest request)
    {
        if (cache.TryGet(request.Key, out _))
        {
            return true;
        }

        cache.Set(request.Key, new SizedValue(request.SizeBytes), request.SizeBytes);
        return false;
    }

    private static HitRatioRow Replay(
        RequestSource trace,
        long limit,
        string cache,
        Func<TraceRequest, bool> ask,
        CancellationToken cancellationToken)
    {
        (long requests, long misses, long bytes, long missBytes) = (0, 0, 0, 0);
        foreach (TraceRequest request in trace.Requests())
        {
            if (requests++ % LookEvery == 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
            }

            bytes += request.SizeBytes;
            if (!ask(request))
            {
                misses++;
                missBytes += request.SizeBytes;
            }
        }

        return new HitRatioRow(trace.Name, limit, cache, requests, misses, bytes, missBytes);
    }

    private static (long Bytes, long Keys) Weigh(RequestSource trace, CancellationToken cancellationToken)
    {
        var sizes = new Dictionary<string, long>();
        foreach (TraceRequest request in trace.Requests())
        {
            cancellationToken.ThrowIfCancellationRequested();
            sizes[request.Key] = request.SizeBytes;
        }

        return (sizes.Values.Sum(), sizes.Count);
    }
}

/// <summary>What one cache made of one trace at one limit.</summary>
internal sealed record HitRatioRow(
    string Trace, long LimitBytes, string Cache, long Requests, long Misses, long RequestedBytes, long MissBytes)
{
    public double MissRatio => (double)Misses / Requests;

    public double ByteMissRatio => RequestedBytes == 0 ? 0 : (double)MissBytes / RequestedBytes;
}
