using System.Diagnostics.CodeAnalysis;
using BoundedCache.ShrinkDemo.Story;

namespace BoundedCache.ShrinkDemo.Caches;

/// <summary>
/// The story's steps on a <see cref="BoundedMemoryCache"/>, whose limit can be lowered and raised while it runs.
/// </summary>
internal sealed class BoundedDemoCache(long maxMemoryBytes, ReleaseMode releaseMode) : IDemoCache
{
    private readonly BoundedMemoryCache _cache = new(new BoundedMemoryCacheOptions
    {
        Name = "shrinkdemo",
        MaxMemory = maxMemoryBytes,
        ReleaseMode = releaseMode,
    });

    /// <summary>The cache itself, for tests.</summary>
    internal BoundedMemoryCache Cache => _cache;

    public long UsedBytes => _cache.UsedMemory;

    public long LimitBytes => _cache.MaxMemory;

    public int Count => _cache.Count;

    public bool PromisesLru => true;

    public string Describe(Stage stage) => stage.Kind switch
    {
        StageKind.Lower => $"limit {ByteSize.Format(stage.LimitBytes)}, nothing released",
        StageKind.Release => releaseMode == ReleaseMode.None ? "not released either" : "released",
        StageKind.Shrink => $"limit {ByteSize.Format(stage.LimitBytes)}, "
            + $"{(releaseMode == ReleaseMode.None ? "nothing " : string.Empty)}released",
        StageKind.Reuse => $"limit {ByteSize.Format(stage.LimitBytes)}, used again",
        _ => throw new ArgumentOutOfRangeException(nameof(stage)),
    };

    public void Set(string key, byte[] value) => _cache.Set(key, value);

    public bool TryGet(string key, [NotNullWhen(true)] out byte[]? value) =>
        _cache.TryGetValue(key, out value) && value is not null;

    public async Task<ShrinkReport?> LowerAsync(long limitBytes, CancellationToken cancellationToken) =>
        await _cache.SetMaxMemoryAsync(limitBytes, ReleaseMode.None, cancellationToken).ConfigureAwait(false);

    public async Task<ShrinkReport?> ReleaseAsync(CancellationToken cancellationToken) =>
        await _cache.ReleaseAsync(releaseMode, cancellationToken).ConfigureAwait(false);

    public async Task<ShrinkReport?> ShrinkAsync(long limitBytes, CancellationToken cancellationToken) =>
        await _cache.SetMaxMemoryAsync(limitBytes, releaseMode, cancellationToken).ConfigureAwait(false);

    public Task RaiseAsync(long limitBytes, CancellationToken cancellationToken) =>
        _cache.SetMaxMemoryAsync(limitBytes, releaseMode, cancellationToken);

    public void Dispose() => _cache.Dispose();
}
