using BenchmarkDotNet.Attributes;

namespace BoundedCache.Microbenchmarks;

/// <summary>A hit, by every kind of key and size of table; one thread.</summary>
public class Lookups : PeerBenchmark
{
    [Params(KeyKind.String8, KeyKind.String24, KeyKind.String100, KeyKind.Int, KeyKind.Guid, KeyKind.Record)]
    public KeyKind Key { get; set; }

    [GlobalSetup]
    public void SetUp() => Fill(Key);

    [Benchmark]
    public bool Hit() => Cache.TryGet(NextKey(), out _);
}

/// <summary>A miss, by every kind of key and size of table; one thread.</summary>
public class Misses : PeerBenchmark
{
    [Params(KeyKind.String8, KeyKind.String24, KeyKind.String100, KeyKind.Int, KeyKind.Guid, KeyKind.Record)]
    public KeyKind Key { get; set; }

    [GlobalSetup]
    public void SetUp() => Fill(Key, present: false);

    [Benchmark]
    public bool Miss() => Cache.TryGet(NextKey(), out _);
}
