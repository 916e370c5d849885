using BoundedCache.Engine;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Entries;

/// <summary>
/// What change tokens call when they change. Holds the engine only weakly: a token often outlives the caches whose
/// entries it ends, and must not keep one that was dropped without being disposed.
/// </summary>
internal sealed class ChangeTokenListener(CacheEngine engine)
{
    private readonly WeakReference<CacheEngine> _engine = new(engine);

    /// <summary>
    /// Called on whatever thread and under whatever locks the token's owner holds: only notes the change, and removes
    /// the entry on the thread pool.
    /// </summary>
    public void OnChanged(object? state)
    {
        var details = (EntryDetails)state!;
        if (details.FireToken() && _engine.TryGetTarget(out CacheEngine? engine))
        {
            ThreadPool.QueueUserWorkItem(
                static work => work.Engine.Remove(work.Details, EvictionReason.TokenExpired),
                (Engine: engine, Details: details),
                preferLocal: false);
        }
    }
}
