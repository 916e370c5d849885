using System.Diagnostics.CodeAnalysis;
using BoundedCache.ShrinkDemo.Story;

namespace BoundedCache.ShrinkDemo.Caches;

/// <summary>A cache as the story needs it: its steps, each done the way that cache's users would do it.</summary>
internal interface IDemoCache : IDisposable
{
    /// <summary>Bytes by the cache's own counter. Cheap, from any thread.</summary>
    long UsedBytes { get; }

    /// <summary>
    /// The limit in force, or for a cache with a fixed one, the size it was last told to come down
    /// to. Cheap, from any thread.
    /// </summary>
    long LimitBytes { get; }

    int Count { get; }

    /// <summary>
    /// Whether the cache promises to stay below its limit and to keep the newest entries, so that the story may call
    /// it a fault if it does not.
    /// </summary>
    bool PromisesLru { get; }

    /// <summary>What the cache does in a stage, in a few words.</summary>
    string Describe(Stage stage);

    void Set(string key, byte[] value);

    bool TryGet(string key, [NotNullWhen(true)] out byte[]? value);

    /// <summary>Lets entries go until the rest fits <paramref name="limitBytes"/>, and no more than that.</summary>
    /// <returns>The cache's report, if it makes any.</returns>
    Task<ShrinkReport?> LowerAsync(long limitBytes, CancellationToken cancellationToken);

    /// <summary>Releases what was let go to the operating system.</summary>
    /// <returns>The cache's report, if it makes any.</returns>
    Task<ShrinkReport?> ReleaseAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Lets entries go until the rest fits <paramref name="limitBytes"/>, and releases them, in one step.
    /// </summary>
    /// <returns>The cache's report, if it makes any.</returns>
    Task<ShrinkReport?> ShrinkAsync(long limitBytes, CancellationToken cancellationToken);

    /// <summary>Allows <paramref name="limitBytes"/> again.</summary>
    Task RaiseAsync(long limitBytes, CancellationToken cancellationToken);
}
