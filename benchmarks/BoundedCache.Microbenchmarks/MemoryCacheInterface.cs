using BenchmarkDotNet.Attributes;
using BoundedCache.Harness;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Microbenchmarks;

/// <summary>
/// What only users of IMemoryCache know, on both caches: GetOrCreate, lookups by a span, and Set through the
/// builder with what it allocates.
/// </summary>
public class MemoryCacheInterface
{
    private static readonly object s_value = new();

    private BoundedMemoryCache _bounded = null!;
    private MemoryCache _microsoft = null!;
    private IMemoryCache _cache = null!;
    private string[] _keys = [];
    private int _next;

    [Params("bounded", "memory-cache")]
    public string Cache { get; set; } = "";

    [Params(1_000, 100_000, 1_000_000)]
    public int Entries { get; set; }

    [GlobalSetup]
    public void SetUp()
    {
        _bounded = new BoundedMemoryCache(
            new BoundedMemoryCacheOptions { MaxMemory = long.MaxValue, ReleaseMode = ReleaseMode.None });
        _microsoft = new MemoryCache(new MemoryCacheOptions());
        _cache = Cache == "bounded" ? _bounded : _microsoft;
        foreach (int i in KeySet.FillOrder(Entries))
        {
            _cache.Set(EntryKey.Create(i), s_value);
        }

        _keys = [.. KeySet.Draw(KeyKind.String24, Entries).Cast<string>()];
        GC.Collect();
    }

    [GlobalCleanup]
    public void CleanUp()
    {
        _bounded.Dispose();
        _microsoft.Dispose();
    }

    [Benchmark(Baseline = true)]
    public bool Hit() => _cache.TryGetValue(NextKey(), out _);

    [Benchmark]
    public object? GetOrCreateHit() => _cache.GetOrCreate(NextKey(), static _ => s_value);

    [Benchmark]
    public bool HitBySpan() => ReferenceEquals(_cache, _bounded)
        ? _bounded.TryGetValue(NextKey().AsSpan(), out object? _)
        : _microsoft.TryGetValue(NextKey().AsSpan(), out object? _);

    [Benchmark]
    public void Replace() => _cache.Set(NextKey(), s_value);

    private string NextKey() => _keys[_next++ & (KeySet.Draws - 1)];
}
