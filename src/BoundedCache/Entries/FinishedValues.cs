using System.Diagnostics;
using System.Runtime.CompilerServices;
using BoundedCache.Engine;
using BoundedCache.Process;

namespace BoundedCache.Entries;

/// <summary>
/// Unfinished entries of one cache whose value may be finished by now, until a background thread measures them.
/// Thread-safe. Holds no keys and no values.
/// </summary>
internal sealed class FinishedValues
{
    /// <summary>Beyond this many a walk over the table finds them: see <see cref="TryTakeOverflow"/>.</summary>
    internal const int Most = 65_536;

    private readonly Lock _lock = new();
    private readonly Queue<Finished> _queue = new();
    private readonly HashSet<Finished> _queued = [];

    /// <summary>Whether nothing waits.</summary>
    public bool IsEmpty => Volatile.Read(ref _count) == 0;

    private int _count;
    private int _hasOverflowed;

    /// <summary>Whether there were more than it keeps, so that all unfinished entries must be looked at.</summary>
    public bool HasOverflowed => Volatile.Read(ref _hasOverflowed) != 0;

    /// <summary>There are more finished entries than this is told of.</summary>
    public void Overflow() => Volatile.Write(ref _hasOverflowed, 1);

    /// <summary>Whether there were more than it keeps. Forgets it: what follows must look at all of them.</summary>
    public bool TryTakeOverflow() => HasOverflowed && Interlocked.Exchange(ref _hasOverflowed, 0) != 0;

    /// <summary>
    /// Adds an entry that a reader found. Does not wait: the next reader adds it where this one could not.
    /// </summary>
    /// <returns>Whether it was added, and was not there before.</returns>
    public bool TryAdd(in SlotRef slotRef)
    {
        if (!_lock.TryEnter())
        {
            return false;
        }

        try
        {
            return Add_NeedsLock(new Finished(slotRef.Index, slotRef.Version, 0));
        }
        finally
        {
            _lock.Exit();
        }
    }

    /// <summary>
    /// Adds the entries whose keys have a hash code. Never throws: nobody else would tell of them.
    /// </summary>
    public void Add(int hash)
    {
        using (_lock.EnterAlways())
        {
            Add_NeedsLock(new Finished(0, 0, hash));
        }
    }

    /// <summary>Takes one out.</summary>
    public bool TryTake(out Finished finished)
    {
        lock (_lock)
        {
            bool taken = _queue.TryDequeue(out finished);
            _queued.Remove(finished);
            Volatile.Write(ref _count, _queue.Count);
            return taken;
        }
    }

    private bool Add_NeedsLock(Finished finished)
    {
        Debug.Assert(_lock.IsHeldByCurrentThread);
        if (_queue.Count >= Most)
        {
            Overflow();
            return false;
        }

        try
        {
            // Room in the queue first: one that is noted and not queued would be refused from then on.
            _queue.EnsureCapacity(_queue.Count + 1);
            if (!_queued.Add(finished))
            {
                return false;
            }
        }
        catch (OutOfMemoryException)
        {
            Overflow();
            return false;
        }

        _queue.Enqueue(finished);
        Volatile.Write(ref _count, _queue.Count);
        return true;
    }
}

/// <summary>
/// Where entries are whose value may be finished: a slot, or, where <paramref name="Index"/> is 0, the entries with a
/// hash code.
/// </summary>
internal readonly record struct Finished(int Index, uint Version, int Hash);

/// <summary>
/// Waits for the end of one task on behalf of all entries that hold it, with one continuation. Keeps neither caches nor
/// values alive, and no cache keeps the task.
/// </summary>
internal sealed class TaskWatch
{
    /// <summary>Beyond this many entries that hold one task, a walk over the table finds the others.</summary>
    private const int Most = 1024;

    private static readonly ConditionalWeakTable<Task, TaskWatch> s_watches = [];

    private readonly Lock _lock = new();
    private readonly HashSet<(WeakReference<CacheAudit> Cache, int Hash)> _waiting = [];
    private readonly HashSet<WeakReference<CacheAudit>> _withMore = []; // Caches with entries beyond those.
    private bool _isOver;

    /// <summary>Waits for a task on behalf of the entries whose keys have a hash code.</summary>
    /// <param name="task">The task; also one that has ended meanwhile.</param>
    /// <param name="cache">The cache: always the same reference for one cache.</param>
    /// <param name="hash">The keys' hash code.</param>
    public static void Add(Task task, WeakReference<CacheAudit> cache, int hash)
    {
        if (!s_watches.TryGetValue(task, out TaskWatch? watch))
        {
            watch = s_watches.GetOrAdd(task, static _ => new TaskWatch());
        }

        if (watch.Add(cache, hash))
        {
            // Neither the caller's context nor its scheduler: what follows only notes the end.
            task.ConfigureAwait(false).GetAwaiter().UnsafeOnCompleted(watch.End);
        }
    }

    /// <summary>
    /// Whether the end of a task will be told to the entries whose keys have a hash code. On a reader's thread, which
    /// does not wait: true where it cannot be told at once, and a later reader asks again.
    /// </summary>
    public static bool Knows(Task task, WeakReference<CacheAudit> cache, int hash)
    {
        if (!s_watches.TryGetValue(task, out TaskWatch? watch))
        {
            return false;
        }

        if (!watch._lock.TryEnter())
        {
            return true;
        }

        try
        {
            return !watch._isOver && (watch._waiting.Contains((cache, hash)) || watch._withMore.Contains(cache));
        }
        finally
        {
            watch._lock.Exit();
        }
    }

    /// <returns>Whether this is the first, so that somebody must subscribe.</returns>
    private bool Add(WeakReference<CacheAudit> cache, int hash)
    {
        using (_lock.EnterAlways())
        {
            if (!_isOver)
            {
                bool isFirst = _waiting.Count == 0;
                if (_waiting.Count < Most)
                {
                    return _waiting.Add((cache, hash)) && isFirst;
                }

                _withMore.Add(cache);
                return false;
            }
        }

        Tell(cache, hash);
        return false;
    }

    /// <summary>
    /// Runs on the thread that ends the task, which may be interrupted. Nothing in it throws: the exception of a
    /// continuation would end the process.
    /// </summary>
    private void End()
    {
        using (_lock.EnterAlways())
        {
            _isOver = true;
        }

        foreach ((WeakReference<CacheAudit> cache, int hash) in _waiting)
        {
            Tell(cache, hash);
        }

        foreach (WeakReference<CacheAudit> cache in _withMore)
        {
            if (cache.TryGetTarget(out CacheAudit? audit))
            {
                audit.OnManyFinished();
            }
        }

        _waiting.Clear();
        _withMore.Clear();
    }

    private static void Tell(WeakReference<CacheAudit> cache, int hash)
    {
        if (cache.TryGetTarget(out CacheAudit? audit))
        {
            audit.OnFinished(hash);
        }
    }
}
