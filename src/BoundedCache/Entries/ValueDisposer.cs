using BoundedCache.Diagnostics;
using BoundedCache.Engine;
using BoundedCache.Process;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Entries;

/// <summary>
/// Disposes values that left a cache, each once: when the last entry that holds the instance has left. Thread-safe.
/// </summary>
/// <remarks>
/// What is to be done with an entry's value stands among its eviction callbacks, as a mark, so that other entries need
/// nothing. Entries that do not dispose their value are marked too once the cache has one that does: they may hold the
/// same instance.
/// </remarks>
/// <param name="disposesAll">Whether all values are disposed, or only those of marked entries.</param>
/// <param name="adopt">
/// Calls its second argument with the details of each entry whose value passes the first, under the engine's lock.
/// </param>
/// <param name="failures">Where exceptions of <c>Dispose</c> are logged.</param>
internal sealed class ValueDisposer(
    bool disposesAll, Action<Func<object?, bool>, Action<EntryDetails>> adopt, FailureLog failures)
{
    private static readonly PostEvictionDelegate s_dispose = static (_, value, _, _) => DisposeElsewhere(value);
    private static readonly PostEvictionDelegate s_hold = static (_, _, _, _) => { };

    // One for all entries of all caches that their writers did not mark.
    private static readonly PostEvictionCallbackRegistration s_disposeMark = new() { EvictionCallback = s_dispose };
    private static readonly PostEvictionCallbackRegistration s_holdMark = new() { EvictionCallback = s_hold };

    private readonly Lock _lock = new();
    private readonly Lock _adoption = new();
    private readonly Dictionary<object, ValueHolders> _holders = new(ReferenceEqualityComparer.Instance);
    private bool _hasMarked;
    private bool _hasAdopted;

    /// <summary>Marks an entry: its value is disposed when it leaves. Works on entries of other caches too.</summary>
    public static void Mark(IList<PostEvictionCallbackRegistration> callbacks)
    {
        if (FindMark(callbacks) != ValueMark.Dispose)
        {
            callbacks.Add(new PostEvictionCallbackRegistration { EvictionCallback = s_dispose });
        }
    }

    /// <summary>Whether an entry with this value has to be marked by <see cref="MarkHolder"/>.</summary>
    public bool Watches(object? value) => (disposesAll || Volatile.Read(ref _hasMarked)) && IsDisposable(value);

    /// <summary>Marks an entry whose value is watched, unless its writer has marked it.</summary>
    public void MarkHolder(EntryDetails details)
    {
        if (FindMark(details.Callbacks) == ValueMark.None)
        {
            details.Callbacks = [.. details.Callbacks, disposesAll ? s_disposeMark : s_holdMark];
        }
    }

    /// <summary>
    /// Makes the entry of a value that is watched by now one that is counted: its store began before that.
    /// </summary>
    /// <param name="details">What it has; null for nothing.</param>
    /// <param name="value">Its value.</param>
    /// <param name="absoluteTicks">When it expires.</param>
    public EntryDetails MakeHolder(EntryDetails? details, object? value, long absoluteTicks)
    {
        if (details is null)
        {
            details = EntryDetails.Empty();
            details.Value = value;
            details.AbsoluteExpirationTicks = absoluteTicks;
            details.BecomeOwnerless();
        }

        MarkHolder(details);
        return details;
    }

    /// <summary>Notes callbacks that will be added to a stored entry; a mark may be among them.</summary>
    public void OnAdding(PostEvictionCallbackRegistration[]? callbacks)
    {
        if (callbacks is not null && FindMark(callbacks) == ValueMark.Dispose)
        {
            Watch();
        }
    }

    /// <summary>Counts an entry that is about to be stored, if its value is watched or it is marked.</summary>
    /// <returns>Whether it was counted: then it must leave, or be refused.</returns>
    public bool Enter(EntryDetails details)
    {
        bool isMarked = FindMark(details.Callbacks) == ValueMark.Dispose;
        if (!IsDisposable(details.Value) || !(isMarked || Watches(details.Value)))
        {
            return false;
        }

        if (isMarked)
        {
            Watch();
        }

        Add(details, isWritten: true);
        details.BecomeHeld();
        return true;
    }

    /// <summary>
    /// An entry that was counted was not stored: the caller holds the value. It is not disposed either when other
    /// entries leave that hold it, whether they did so before or do so later, until it is stored again.
    /// </summary>
    public void OnRefused(EntryDetails details)
    {
        using (_lock.EnterAlways())
        {
            if (_holders.TryGetValue(details.Value!, out ValueHolders? holders))
            {
                holders.IsRefused = true;
                holders.Remove(details);
                if (holders.IsEmpty)
                {
                    ValueHolders.Forget(details.Value!, _holders);
                }
            }
        }
    }

    /// <summary>An entry left the cache. Disposes its value if no other entry holds it. Never throws.</summary>
    public void OnLeft(in RemovedEntry entry)
    {
        bool isMarked = disposesAll || FindMark(entry.Callbacks) == ValueMark.Dispose;
        if (IsDisposable(entry.Details.Value) && TryLeave(entry.Details, isMarked))
        {
            Dispose(entry.Details.Value!);
        }
    }

    /// <summary>Whether a callback is a mark of this class, which is not to be called.</summary>
    public static bool IsMark(PostEvictionCallbackRegistration callback) => MarkOf(callback) != ValueMark.None;

    /// <summary>
    /// Tasks are disposable, but only those that have ended, and it does not dispose their results.
    /// </summary>
    private static bool IsDisposable(object? value) =>
        value is IDisposable or IAsyncDisposable && value is not Task;

    /// <summary>The strongest mark: an entry that was only watched may have been marked later.</summary>
    private static ValueMark FindMark(IList<PostEvictionCallbackRegistration> callbacks)
    {
        ValueMark strongest = ValueMark.None;
        for (int i = 0; i < callbacks.Count && strongest != ValueMark.Dispose; i++)
        {
            strongest = MarkOf(callbacks[i]) is var mark && mark > strongest ? mark : strongest;
        }

        return strongest;
    }

    private static ValueMark MarkOf(PostEvictionCallbackRegistration? callback) =>
        ReferenceEquals(callback?.EvictionCallback, s_dispose) ? ValueMark.Dispose
        : ReferenceEquals(callback?.EvictionCallback, s_hold) ? ValueMark.Hold
        : ValueMark.None;

    /// <summary>
    /// Watches all entries from now on: those that were stored before may hold a marked one's value. Returns when they
    /// are counted, because from then on the marked one may leave.
    /// </summary>
    private void Watch()
    {
        if (disposesAll || Volatile.Read(ref _hasAdopted))
        {
            return;
        }

        lock (_adoption)
        {
            if (!_hasAdopted)
            {
                Volatile.Write(ref _hasMarked, true);
                adopt(IsDisposable, older => Add(older, isWritten: false));
                Volatile.Write(ref _hasAdopted, true);
            }
        }
    }

    private void Add(EntryDetails details, bool isWritten)
    {
        lock (_lock)
        {
            if (!_holders.TryGetValue(details.Value!, out ValueHolders? holders))
            {
                _holders.Add(details.Value!, holders = new ValueHolders());
            }

            holders.Add(details);
            holders.IsRefused &= !isWritten;
        }
    }

    /// <summary>
    /// Uncounts an entry. True if it was the last that held the value, and one of them was to dispose it. That counts
    /// only now: an entry that is refused leaves nothing behind.
    /// </summary>
    private bool TryLeave(EntryDetails details, bool toDispose)
    {
        using (_lock.EnterAlways())
        {
            if (!_holders.TryGetValue(details.Value!, out ValueHolders? holders))
            {
                // Marked after it was stored, or not watched.
                return toDispose;
            }

            holders.ToDispose |= toDispose;
            holders.Remove(details);
            if (!holders.IsEmpty)
            {
                return false;
            }

            ValueHolders.Forget(details.Value!, _holders);
            return holders.ToDispose && !holders.IsRefused;
        }
    }

    private void Dispose(object value)
    {
        try
        {
            ValueTask disposal = Start(value);
            if (!disposal.IsCompletedSuccessfully)
            {
                _ = LogFailureAsync(disposal, value.GetType());
            }
        }
#pragma warning disable CA1031 // User code: a failure is logged, and must not end the process.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            failures.OnDisposalFailed(value.GetType(), failure);
        }
    }

    private async Task LogFailureAsync(ValueTask disposal, Type type)
    {
        try
        {
            await disposal.ConfigureAwait(false);
        }
#pragma warning disable CA1031 // The same.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            failures.OnDisposalFailed(type, failure);
        }
    }

    private static ValueTask Start(object value)
    {
        if (value is not IDisposable disposable)
        {
            return ((IAsyncDisposable)value).DisposeAsync();
        }

        disposable.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>The mark as what it is for other caches: a callback.</summary>
    private static void DisposeElsewhere(object? value)
    {
        if (IsDisposable(value))
        {
            _ = Start(value!).AsTask();
        }
    }

    private enum ValueMark
    {
        None,
        Hold,
        Dispose,
    }
}
