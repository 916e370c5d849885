using BoundedCache.Diagnostics;
using BoundedCache.Engine;
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
/// <param name="failures">Where exceptions of <c>Dispose</c> are logged.</param>
internal sealed class ValueDisposer(bool disposesAll, FailureLog failures)
{
    private static readonly PostEvictionDelegate s_dispose = static (_, value, _, _) => DisposeElsewhere(value);
    private static readonly PostEvictionDelegate s_hold = static (_, _, _, _) => { };

    private readonly Lock _lock = new();
    private readonly Dictionary<object, Holders> _holders = new(ReferenceEqualityComparer.Instance);
    private volatile bool _hasMarked;

    /// <summary>Marks an entry: its value is disposed when it leaves. Works on entries of other caches too.</summary>
    public static void Mark(IList<PostEvictionCallbackRegistration> callbacks) => Mark(callbacks, s_dispose);

    /// <summary>Whether an entry with this value has to be marked by <see cref="MarkHolder"/>.</summary>
    public bool Watches(object? value) => (disposesAll || _hasMarked) && IsDisposable(value);

    /// <summary>Marks an entry whose value is watched, unless its writer has marked it.</summary>
    public void MarkHolder(ICacheEntry entry)
    {
        if (FindMark(entry.PostEvictionCallbacks) == ValueMark.None)
        {
            Mark(entry.PostEvictionCallbacks, disposesAll ? s_dispose : s_hold);
        }
    }

    /// <summary>Counts an entry that is about to be stored.</summary>
    /// <returns>Whether it was counted: then it must leave.</returns>
    public bool Enter(EntryDetails details)
    {
        ValueMark mark = FindMark(details.Callbacks);
        if (mark == ValueMark.None || !IsDisposable(details.Value))
        {
            return false;
        }

        _hasMarked = true;
        lock (_lock)
        {
            if (!_holders.TryGetValue(details.Value!, out Holders? holders))
            {
                _holders.Add(details.Value!, holders = new Holders());
            }

            holders.Count++;
            holders.Dispose |= mark == ValueMark.Dispose;
        }

        return true;
    }

    /// <summary>An entry that was counted was not stored: the caller holds the value, which is not disposed.</summary>
    public void OnRefused(EntryDetails details) => TryLeave(details.Value!, ValueMark.Hold);

    /// <summary>An entry left the cache. Disposes its value if no other entry holds it. Never throws.</summary>
    public void OnLeft(EntryDetails details)
    {
        ValueMark mark = FindMark(details.Callbacks);
        if (mark != ValueMark.None && IsDisposable(details.Value) && TryLeave(details.Value!, mark))
        {
            Dispose(details.Value!);
        }
    }

    /// <summary>Whether a callback is a mark of this class, which is not to be called.</summary>
    public static bool IsMark(PostEvictionCallbackRegistration callback) => MarkOf(callback) != ValueMark.None;

    /// <summary>
    /// Tasks are disposable, but only those that have ended, and it does not dispose their results.
    /// </summary>
    private static bool IsDisposable(object? value) =>
        value is IDisposable or IAsyncDisposable && value is not Task;

    private static void Mark(IList<PostEvictionCallbackRegistration> callbacks, PostEvictionDelegate mark)
    {
        if (FindMark(callbacks) == ValueMark.None)
        {
            callbacks.Add(new PostEvictionCallbackRegistration { EvictionCallback = mark });
        }
    }

    private static ValueMark FindMark(IList<PostEvictionCallbackRegistration> callbacks)
    {
        for (int i = 0; i < callbacks.Count; i++)
        {
            if (MarkOf(callbacks[i]) is var mark and not ValueMark.None)
            {
                return mark;
            }
        }

        return ValueMark.None;
    }

    private static ValueMark MarkOf(PostEvictionCallbackRegistration? callback) =>
        ReferenceEquals(callback?.EvictionCallback, s_dispose) ? ValueMark.Dispose
        : ReferenceEquals(callback?.EvictionCallback, s_hold) ? ValueMark.Hold
        : ValueMark.None;

    /// <summary>
    /// Uncounts an entry. True if it was the last that held the value, and one of them was to dispose it.
    /// </summary>
    private bool TryLeave(object value, ValueMark mark)
    {
        lock (_lock)
        {
            if (!_holders.TryGetValue(value, out Holders? holders))
            {
                // Marked after it was stored.
                return mark == ValueMark.Dispose;
            }

            holders.Dispose |= mark == ValueMark.Dispose;
            if (--holders.Count > 0)
            {
                return false;
            }

            _holders.Remove(value);
            return holders.Dispose;
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

    /// <summary>How many entries hold an instance, and whether it is disposed when all have left.</summary>
    private sealed class Holders
    {
        public int Count { get; set; }

        public bool Dispose { get; set; }
    }

    private enum ValueMark
    {
        None,
        Hold,
        Dispose,
    }
}
