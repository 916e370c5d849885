using System.Runtime.CompilerServices;
using BoundedCache.Engine;
using BoundedCache.Entries;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache;

/// <summary>Reads and removals.</summary>
public sealed partial class BoundedMemoryCache
{
    /// <summary>Looks a value up, which counts as its latest use. Takes no lock.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">The value, or null where there is none.</param>
    /// <returns>Whether there is an entry that is not expired.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="key"/> is null.</exception>
    /// <exception cref="ObjectDisposedException">The cache is disposed.</exception>
    /// <remarks>
    /// An exception of the key's <c>GetHashCode</c> or <c>Equals</c>, or of an entry's change token, reaches the
    /// caller, and changes nothing in the cache.
    /// </remarks>
    public bool TryGetValue(object key, out object? value)
    {
        ArgumentNullException.ThrowIfNull(key);
        return key.GetType() == typeof(string)
            ? Read(new StringLookup(Unsafe.As<string>(key)), out value)
            : ReadObject(key, out value);
    }

    /// <inheritdoc cref="TryGetValue(object, out object?)"/>
    /// <remarks>Without this overload, a null string would count as no characters, which are the empty key.</remarks>
    [OverloadResolutionPriority(1)]
    public bool TryGetValue(string key, out object? value)
    {
        ArgumentNullException.ThrowIfNull(key);
        return Read(new StringLookup(key), out value);
    }

    /// <summary>Looks a value up, which counts as its latest use, and returns it as a given type.</summary>
    /// <typeparam name="TItem">The type that the value should have.</typeparam>
    /// <param name="key">The key.</param>
    /// <param name="value">The value, or the type's default where there is none, or one of another type.</param>
    /// <returns>
    /// Whether there is an entry that is not expired, and whose value is null or a <typeparamref name="TItem"/>.
    /// </returns>
    /// <exception cref="ArgumentNullException"><paramref name="key"/> is null.</exception>
    /// <exception cref="ObjectDisposedException">The cache is disposed.</exception>
    [OverloadResolutionPriority(1)]
    public bool TryGetValue<TItem>(string key, out TItem? value)
    {
        bool found = TryGetValue(key, out object? untyped);
        return IsItem(found, untyped, out value);
    }

    /// <summary>Looks the value of a string key up by its characters, without making a string.</summary>
    /// <param name="key">The characters of the key. No characters are the empty key.</param>
    /// <param name="value">The value, or null where there is none.</param>
    /// <returns>Whether there is an entry that is not expired.</returns>
    /// <exception cref="ObjectDisposedException">The cache is disposed.</exception>
    [OverloadResolutionPriority(1)]
    public bool TryGetValue(ReadOnlySpan<char> key, out object? value) => Read(new StringLookup(key), out value);

    /// <summary>
    /// Looks the value of a string key up by its characters, without making a string, and returns it as a given type.
    /// </summary>
    /// <typeparam name="TItem">The type that the value should have.</typeparam>
    /// <param name="key">The characters of the key.</param>
    /// <param name="value">The value, or the type's default where there is none, or one of another type.</param>
    /// <returns>
    /// Whether there is an entry that is not expired, and whose value is null or a <typeparamref name="TItem"/>.
    /// </returns>
    /// <exception cref="ObjectDisposedException">The cache is disposed.</exception>
    [OverloadResolutionPriority(1)]
    public bool TryGetValue<TItem>(ReadOnlySpan<char> key, out TItem? value)
    {
        bool found = TryGetValue(key, out object? untyped);
        return IsItem(found, untyped, out value);
    }

    /// <summary>Removes an entry, if there is one, with the reason <see cref="EvictionReason.Removed"/>.</summary>
    /// <param name="key">The key.</param>
    /// <exception cref="ArgumentNullException"><paramref name="key"/> is null.</exception>
    /// <exception cref="ObjectDisposedException">The cache is disposed.</exception>
    public void Remove(object key)
    {
        ArgumentNullException.ThrowIfNull(key);
        ThrowIfDisposed();
        if (key is string text)
        {
            _engine.Remove(new StringLookup(text));
        }
        else
        {
            _engine.Remove(new ObjectLookup(key));
        }

        Pace();
        _scan.OnUse();
    }

    private static bool IsItem<TItem>(bool found, object? untyped, out TItem? value)
    {
        value = untyped is TItem item ? item : default;
        return found && (untyped is null or TItem);
    }

    /// <summary>Not inlined: reads by string are faster without this code beside theirs.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool ReadObject(object key, out object? value) => Read(new ObjectLookup(key), out value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool Read<TLookup>(TLookup lookup, out object? value)
        where TLookup : struct, IKeyLookup, allows ref struct
    {
        if (!_plainReads)
        {
            return ReadWithExtras(lookup, out value);
        }

        bool hit = _engine.TryGet(lookup, out value);
        if (!hit)
        {
            _lookups?.CountMiss();
            _scan.OnUse();
        }

        return hit;
    }

    /// <summary>A read of a cache that is disposed, or that links entries.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool ReadWithExtras<TLookup>(TLookup lookup, out object? value)
        where TLookup : struct, IKeyLookup, allows ref struct
    {
        ThrowIfDisposed();
        bool hit = _trackLinkedEntries ? ReadLinked(in lookup, out value) : _engine.TryGet(lookup, out value);
        if (!hit)
        {
            _lookups?.CountMiss();
            _scan.OnUse();
        }

        return hit;
    }

    /// <summary>A read whose entry passes its expiration on to the entry that is being built around it.</summary>
    private bool ReadLinked<TLookup>(scoped in TLookup lookup, out object? value)
        where TLookup : struct, IKeyLookup, allows ref struct
    {
        if (!_engine.TryGet(in lookup, out value, out Expiration expiration))
        {
            return false;
        }

        EntryScope.CurrentEntry?.Inherit(expiration);
        return true;
    }
}
