using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Engine;

/// <summary>
/// An entry with details that left the cache, once, for one reason: what its callbacks are told
/// after the lock is let go.
/// </summary>
internal readonly record struct RemovedEntry(object Key, EntryDetails Details, EvictionReason Reason);
