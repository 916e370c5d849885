using System.Diagnostics.CodeAnalysis;
using BoundedCache.ShrinkDemo.Story;

namespace BoundedCache.ShrinkDemo.Caches;

/// <summary>A cache as the story needs it. Each step is done as that cache's users would do it.</summary>
internal interface IDemoCache : IDisposable
{
    /// <summary>Bytes by the cache's own counter. Cheap, from any thread.</summary>
    long UsedBytes { get; }

    /// <summary>
    /// The limit in force. For a cache with a fixed limit: the size that it was last told to shrink
    /// to. Cheap, from any thread.
    /// </summary>
    long LimitBytes { get; }

    int Count { get; }

    /// <summary>
    /// Whether the cache promises to stay below its limit and to keep the newest entries. If so, the story reports a
    /// fault if it does not.
    /// </summary>
    bool PromisesLru { get; }

    /// <summary>What the cache does in a stage, in a few words.</summary>
    string Describe(Stage stage);

    void Set(string key, byte[] value);

    bool TryGet(string key, [NotNullWhen(true)] out byte[]? value);

    /// <summary>Evicts entries until the rest fits <paramref name="limitBytes"/>, and no more than that.</summary>
    /// <returns>The cache's report, if it makes reports.</returns>
    Task<ShrinkReport?> LowerAsync(long limitBytes, CancellationToken cancellationToken);

    /// <summary>Releases the memory of evicted entries to the operating system.</summary>
    /// <returns>The cache's report, if it makes reports.</returns>
    Task<ShrinkReport?> ReleaseAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Evicts entries until the rest fits <paramref name="limitBytes"/>, and releases their memory, in one step.
    /// </summary>
    /// <returns>The cache's report, if it makes reports.</returns>
    Task<ShrinkReport?> ShrinkAsync(long limitBytes, CancellationToken cancellationToken);

    /// <summary>Raises the limit to <paramref name="limitBytes"/> again.</summary>
    Task RaiseAsync(long limitBytes, CancellationToken cancellationToken);
}
