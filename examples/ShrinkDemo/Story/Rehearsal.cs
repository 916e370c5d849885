using BoundedCache.ShrinkDemo.Caches;
using BoundedCache.ShrinkDemo.CommandLine;
using BoundedCache.ShrinkDemo.Progress;

namespace BoundedCache.ShrinkDemo.Story;

/// <summary>
/// Runs the whole story in miniature before the real run. This loads and compiles the code that the story needs,
/// so that the empty process at the start differs from the later stages in what it caches, not in what it has
/// loaded.
/// </summary>
internal static class Rehearsal
{
    private const long Entries = 20_000;
    private const int ValueBytes = 128;
    private const long MaxMemoryBytes = 2 << 20;

    /// <param name="options">The options of the real run.</param>
    /// <param name="unseen">A view like the one of the real run, but with hidden output.</param>
    /// <param name="cancellationToken">Ends the rehearsal.</param>
    public static async Task RunAsync(
        DemoOptions options, Func<IDemoCache, ProgressView> unseen, CancellationToken cancellationToken)
    {
        DemoOptions miniature = options with
        {
            Entries = Entries,
            ValueBytes = ValueBytes,
            MaxMemoryBytes = MaxMemoryBytes,
            ShrinkToBytes = [MaxMemoryBytes / 4, 1],
            Wait = TimeSpan.FromMilliseconds(1),
            TraceFile = null,
        };
        using IDemoCache cache = DemoCacheFactory.Create(miniature);
        await unseen(cache)
            .ShowAsync(observer => new StoryTeller(miniature, cache, observer, cancellationToken).TellAsync())
            .ConfigureAwait(false);
    }
}
