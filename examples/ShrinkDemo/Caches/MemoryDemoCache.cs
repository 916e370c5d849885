using System.Diagnostics.CodeAnalysis;
using BoundedCache.ShrinkDemo.Story;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.ShrinkDemo.Caches;

/// <summary>
/// The story's steps on Microsoft's <see cref="MemoryCache"/>, as its users write them. Its limit is fixed. So lowering
/// is <see cref="MemoryCache.Compact"/> by the share to remove, and releasing is a plain collection. Entries
/// declare the bytes of their key's characters and their value; the cache's own overhead is not counted.
/// </summary>
internal sealed class MemoryDemoCache(long maxMemoryBytes, ReleaseMode releaseMode) : IDemoCache
{
    /// <summary>Compact counts entries, not bytes, so one round may not be enough.</summary>
    private const int MostRounds = 20;

    /// <summary>
    /// Compact rounds the number of entries down, so this share of one entry is added to the request.
    /// </summary>
    private const double Rounding = 0.5;

    // This cache reports its size by its statistics.
    private readonly MemoryCache _cache = new(
        new MemoryCacheOptions { SizeLimit = maxMemoryBytes, TrackStatistics = true });
    private long _limitBytes = maxMemoryBytes;

    public long UsedBytes => _cache.GetCurrentStatistics()?.CurrentEstimatedSize ?? 0;

    public long LimitBytes => Volatile.Read(ref _limitBytes);

    public int Count => _cache.Count;

    public bool PromisesLru => false;

    private bool Collects => releaseMode != ReleaseMode.None;

    public string Describe(Stage stage) => stage.Kind switch
    {
        StageKind.Lower => $"Compact to {ByteSize.Format(stage.LimitBytes)}",
        StageKind.Release => Collects ? "GC.Collect()" : "nothing done",
        StageKind.Shrink =>
            $"Compact to {ByteSize.Format(stage.LimitBytes)}{(Collects ? ", GC.Collect()" : string.Empty)}",
        StageKind.Reuse => "used again",
        _ => throw new ArgumentOutOfRangeException(nameof(stage)),
    };

    public void Set(string key, byte[] value) =>
        _cache.Set(key, value, new MemoryCacheEntryOptions { Size = (key.Length * sizeof(char)) + value.Length });

    public bool TryGet(string key, [NotNullWhen(true)] out byte[]? value) =>
        _cache.TryGetValue(key, out value) && value is not null;

    public Task<ShrinkReport?> LowerAsync(long limitBytes, CancellationToken cancellationToken)
    {
        Volatile.Write(ref _limitBytes, limitBytes);
        for (int round = 0; round < MostRounds && UsedBytes > limitBytes; round++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int count = Math.Max(1, Count);
            long used = UsedBytes;
            double share = limitBytes < used / count
                ? 1
                : Math.Max(1 - ((double)limitBytes / used), (1 + Rounding) / count);
            _cache.Compact(Math.Min(share, 1));
        }

        return Task.FromResult<ShrinkReport?>(null);
    }

    public Task<ShrinkReport?> ReleaseAsync(CancellationToken cancellationToken)
    {
        if (Collects)
        {
            PlainCollection.Run();
        }

        return Task.FromResult<ShrinkReport?>(null);
    }

    public async Task<ShrinkReport?> ShrinkAsync(long limitBytes, CancellationToken cancellationToken)
    {
        await LowerAsync(limitBytes, cancellationToken).ConfigureAwait(false);
        return await ReleaseAsync(cancellationToken).ConfigureAwait(false);
    }

    public Task RaiseAsync(long limitBytes, CancellationToken cancellationToken)
    {
        Volatile.Write(ref _limitBytes, limitBytes);
        return Task.CompletedTask;
    }

    public void Dispose() => _cache.Dispose();
}
