using System.Runtime.InteropServices;
using BoundedCache.ShrinkDemo.CommandLine;
using BoundedCache.ShrinkDemo.Results;

namespace BoundedCache.ShrinkDemo.Comparison;

/// <summary>
/// Runs the story on all caches, one after the other so that they do not compete, each in a new
/// process of its own.
/// </summary>
internal sealed class ComparisonRun(DemoOptions options, TextWriter progress)
{
    /// <exception cref="DemoException">A process failed.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled; no process remains.</exception>
    public async Task<ComparisonResult> RunAsync(CancellationToken cancellationToken)
    {
        DemoResult boundedCache = await RunAsync(CacheKind.BoundedCache, cancellationToken).ConfigureAwait(false);
        DemoResult memoryCache = await RunAsync(CacheKind.MemoryCache, cancellationToken).ConfigureAwait(false);
        DemoResult? bytes = OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture == Architecture.X64
            ? await RunAsync(CacheKind.Bytes, cancellationToken).ConfigureAwait(false)
            : null;
        return new ComparisonResult
        {
            BoundedCache = boundedCache,
            MemoryCache = memoryCache,
            Bytes = bytes,
            Verdict = Verdict.Write(boundedCache, memoryCache),
        };
    }

    private Task<DemoResult> RunAsync(CacheKind cache, CancellationToken cancellationToken) =>
        new ChildStory(options with { Cache = cache }, progress).RunAsync(cancellationToken);
}
