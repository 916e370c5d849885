using BenchmarkDotNet.Attributes;
using BoundedCache.Harness;

namespace BoundedCache.Microbenchmarks;

/// <summary>Writes to keys of 24 characters that are there: the same entries before and after.</summary>
public class Replacements : PeerBenchmark
{
    [GlobalSetup]
    public void SetUp() => Fill(KeyKind.String24);

    [Benchmark]
    public void Replace() => Cache.Set(NextKey(), Value, 1);

    /// <summary>With the set that makes the next removal of that key one again.</summary>
    [Benchmark]
    public void RemoveAndSet()
    {
        object key = NextKey();
        Cache.Remove(key);
        Cache.Set(key, Value, 1);
    }
}

/// <summary>
/// Sets of keys that were never there, into a full cache: each evicts one. Beware of caches that are fast
/// because they store nothing: MemoryCache refuses new entries while it is full and compacts
/// (<c>Figures sets</c> counts what was stored).
/// </summary>
public class Evictions : PeerBenchmark
{
    private string[] _newKeys = [];
    private int _nextNew;

    [GlobalSetup]
    public void SetUp()
    {
        // Peers that measure charge more than the 1 that is declared: their limit is what they use
        // when as many entries are in.
        Fill(KeyKind.String24, BoundedCache.Harness.Peers.PeerCatalog.Find(Peer).Measures ? MeasuredLimit() : Entries);

        // Long gone when their turn comes again.
        _newKeys = [.. Enumerable.Range(0, 4 * Entries).Select(i => EntryKey.Create(Entries + i))];
    }

    [Benchmark]
    public void SetNewEvicting() =>
        Cache.Set(_newKeys[_nextNew = _nextNew + 1 < _newKeys.Length ? _nextNew + 1 : 0], Value, 1);

    private long MeasuredLimit()
    {
        using var one = new BoundedMemoryCache(
            new BoundedMemoryCacheOptions { MaxMemory = long.MaxValue, ReleaseMode = ReleaseMode.None });
        Microsoft.Extensions.Caching.Memory.CacheExtensions.Set(one, EntryKey.Create(1), Value);
        return one.UsedMemory * Entries;
    }
}
