using BenchmarkDotNet.Attributes;
using BoundedCache.Harness.Peers;

namespace BoundedCache.Microbenchmarks;

/// <summary>What benchmarks of all peers share: the peer, its entries, and drawn keys.</summary>
public abstract class PeerBenchmark
{
    private object[] _draws = [];
    private int _next;

    [ParamsSource(nameof(PeerNames))]
    public string Peer { get; set; } = "";

    [Params(1_000, 100_000, 1_000_000)]
    public int Entries { get; set; }

    public static IEnumerable<string> PeerNames => PeerCatalog.All.Select(static peer => peer.Name);

    protected ICachePeer Cache { get; private set; } = null!;

    protected object Value { get; } = new();

    /// <summary>The next drawn key.</summary>
    protected object NextKey() => _draws[_next++ & (KeySet.Draws - 1)];

    /// <summary>Makes a cache of <see cref="Entries"/> entries.</summary>
    /// <param name="kind">What keys are.</param>
    /// <param name="limit">The limit, as declared sizes of 1 or as measured; null for none.</param>
    /// <param name="present">Whether the drawn keys are there.</param>
    protected void Fill(KeyKind kind, long? limit = null, bool present = true)
    {
        Cache = PeerCatalog.Find(Peer).Create(new PeerSetup(limit)
        {
            Entries = limit is null ? null : Entries,
        });
        foreach (int i in KeySet.FillOrder(Entries))
        {
            Cache.Set(KeySet.Make(kind, i), Value, 1);
        }

        _draws = KeySet.Draw(kind, Entries, present);
        GC.Collect();
    }

    [GlobalCleanup]
    public void CleanUp() => Cache.Dispose();
}
