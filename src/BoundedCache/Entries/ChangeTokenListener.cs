using BoundedCache.Engine;

namespace BoundedCache.Entries;

/// <summary>
/// The callback of change tokens. Holds the engine weakly: a token often outlives the caches whose entries it expires,
/// and must not keep a cache alive that was dropped without being disposed.
/// </summary>
internal sealed class ChangeTokenListener(CacheEngine engine)
{
    private readonly WeakReference<CacheEngine> _engine = new(engine);

    /// <summary>
    /// Called on the token owner's thread and under its locks, so it only notes the change. The entry is removed on the
    /// thread pool.
    /// </summary>
    public void OnChanged(object? state)
    {
        var details = (EntryDetails)state!;
        if (details.FireToken() && _engine.TryGetTarget(out CacheEngine? engine))
        {
            ThreadPool.QueueUserWorkItem(
                static work =>
                {
                    // A factory may have fired the token.
                    Flight.LeaveFactories();
                    work.Engine.Expire(work.Details);
                },
                (Engine: engine, Details: details),
                preferLocal: false);
        }
    }
}
