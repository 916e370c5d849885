using System.Diagnostics.CodeAnalysis;
using BoundedCache.ShrinkDemo.Story;

namespace BoundedCache.ShrinkDemo.Caches;

/// <summary>
/// The story's steps on a <see cref="BoundedByteCache"/>: bytes in native memory, which go back to the system at once,
/// without a garbage collection.
/// </summary>
internal sealed class ByteDemoCache(long maxMemoryBytes) : IDemoCache
{
    private readonly BoundedByteCache _cache = new(new BoundedByteCacheOptions
    {
        Name = "shrinkdemo",
        MaxMemory = maxMemoryBytes,
    });

    public long UsedBytes => _cache.UsedMemory;

    public long LimitBytes => _cache.MaxMemory;

    public int Count => _cache.Count;

    public bool PromisesLru => true;

    public string Describe(Stage stage) => stage.Kind switch
    {
        StageKind.Lower or StageKind.Shrink => $"limit {ByteSize.Format(stage.LimitBytes)}, given back at once",
        StageKind.Release => "nothing left to release",
        StageKind.Reuse => $"limit {ByteSize.Format(stage.LimitBytes)}, used again",
        _ => throw new ArgumentOutOfRangeException(nameof(stage)),
    };

    public void Set(string key, byte[] value) => _cache.Set(key, value);

    public bool TryGet(string key, [NotNullWhen(true)] out byte[]? value) => (value = _cache.Get(key)) is not null;

    public async Task<ShrinkReport?> LowerAsync(long limitBytes, CancellationToken cancellationToken) =>
        await _cache.SetMaxMemoryAsync(limitBytes, cancellationToken).ConfigureAwait(false);

    public async Task<ShrinkReport?> ReleaseAsync(CancellationToken cancellationToken) =>
        await ((IBoundedCache)_cache).ReleaseAsync(null, cancellationToken).ConfigureAwait(false);

    public Task<ShrinkReport?> ShrinkAsync(long limitBytes, CancellationToken cancellationToken) =>
        LowerAsync(limitBytes, cancellationToken);

    public Task RaiseAsync(long limitBytes, CancellationToken cancellationToken) =>
        _cache.SetMaxMemoryAsync(limitBytes, cancellationToken);

    public void Dispose() => _cache.Dispose();
}
