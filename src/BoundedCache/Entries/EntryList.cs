using System.Collections;
using BoundedCache.Engine;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Primitives;

namespace BoundedCache.Entries;

/// <summary>
/// A list of a builder, before and after its entry is stored. It holds nothing itself: the items are in an array of the
/// entry's details, and each change makes a new array. Thread-safe.
/// </summary>
/// <typeparam name="T">The items that users see.</typeparam>
/// <typeparam name="TItem">The items in the array.</typeparam>
internal abstract class EntryList<T, TItem>(CacheEntry entry) : IList<T>
{
    public int Count => Items.Length;

    public bool IsReadOnly => false;

    public T this[int index]
    {
        get => Items is var items && (uint)index < (uint)items.Length
            ? Show(items[index])
            : throw new ArgumentOutOfRangeException(nameof(index), index, "Expected the index of an item.");
        set => Change(new Splice(index, 1), value, adds: true);
    }

    protected CacheEntry Entry { get; } = entry;

    /// <summary>The array as it is now.</summary>
    protected abstract TItem[] Items { get; }

    public void Add(T item) => Change(Splice.AtEnd, item, adds: true);

    public void Insert(int index, T item) => Change(new Splice(index, 0), item, adds: true);

    public void RemoveAt(int index) => Change(new Splice(index, 1), default!, adds: false);

    public void Clear() => Change(Splice.All, default!, adds: false);

    public bool Remove(T item)
    {
        while (true)
        {
            TItem[] items = Items;
            int index = IndexOf(items, item);
            if (index < 0)
            {
                return false;
            }

            if (TryChange(items, new Splice(index, 1), [], out _))
            {
                return true;
            }
        }
    }

    public bool Contains(T item) => IndexOf(item) >= 0;

    public int IndexOf(T item) => IndexOf(Items, item);

    public void CopyTo(T[] array, int arrayIndex) => Array.ConvertAll(Items, Show).CopyTo(array, arrayIndex);

    public IEnumerator<T> GetEnumerator() => Items.Select(Show).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    protected abstract T Show(TItem item);

    /// <summary>Replaces items by one item, or by none.</summary>
    protected abstract void Change(Splice splice, T item, bool adds);

    /// <summary>Replaces items, unless the array is another one by now.</summary>
    /// <param name="items">The array as it was read.</param>
    /// <param name="splice">The items to replace.</param>
    /// <param name="added">The items instead of these.</param>
    /// <param name="isStored">Whether the entry is stored and has the new items.</param>
    protected abstract bool TryChange(TItem[] items, Splice splice, TItem[] added, out bool isStored);

    private int IndexOf(TItem[] items, T item) =>
        Array.FindIndex(items, other => EqualityComparer<T>.Default.Equals(Show(other), item));

    /// <summary>Which items of an array are replaced.</summary>
    /// <param name="Index">The first.</param>
    /// <param name="Count">How many.</param>
    protected readonly record struct Splice(int Index, int Count)
    {
        /// <summary>None, at the end of an array.</summary>
        public static Splice AtEnd => new(-1, 0);

        public static Splice All => new(-1, -1);

        /// <summary>The same in numbers.</summary>
        /// <exception cref="ArgumentOutOfRangeException">There is no such item.</exception>
        public Splice In(TItem[] items)
        {
            if (this == All || this == AtEnd)
            {
                return this == All ? new Splice(0, items.Length) : new Splice(items.Length, 0);
            }

            ArgumentOutOfRangeException.ThrowIfNegative(Index);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(Index, items.Length - Count);
            return this;
        }

        public TItem[] Apply(TItem[] items, TItem[] added) =>
            [.. items.AsSpan(0, Index), .. added, .. items.AsSpan(Index + Count)];
    }
}

/// <summary>The eviction callbacks of an entry.</summary>
internal sealed class CallbackList(CacheEntry entry)
    : EntryList<PostEvictionCallbackRegistration, PostEvictionCallbackRegistration>(entry)
{
    protected override PostEvictionCallbackRegistration[] Items => Entry.Details?.Callbacks ?? [];

    protected override PostEvictionCallbackRegistration Show(PostEvictionCallbackRegistration item) => item;

    protected override void Change(Splice splice, PostEvictionCallbackRegistration item, bool adds)
    {
        PostEvictionCallbackRegistration[] items;
        do
        {
            items = Items;
        }
        while (!TryChange(items, splice.In(items), adds ? [item] : [], out _));
    }

    protected override bool TryChange(
        PostEvictionCallbackRegistration[] items,
        Splice splice,
        PostEvictionCallbackRegistration[] added,
        out bool isStored)
    {
        Entry.MakeDetails();
        SettingsUpdate update = Entry.Change(
            new ListChange { OldCallbacks = items, NewCallbacks = splice.Apply(items, added) });
        isStored = update == SettingsUpdate.Stored;
        return update != SettingsUpdate.ListChanged;
    }
}

/// <summary>
/// The change tokens of an entry. While the entry is stored, it is subscribed to those that announce their changes.
/// </summary>
internal sealed class TokenList(CacheEntry entry) : EntryList<IChangeToken, EntryToken>(entry)
{
    protected override EntryToken[] Items => Entry.Details?.Tokens ?? [];

    protected override IChangeToken Show(EntryToken item) => item.Token;

    protected override void Change(Splice splice, IChangeToken item, bool adds)
    {
        splice.In(Items);
        var added = new TokenSubscription(new EntryToken(item), HasChanged: false, Bytes: 0);
        if (adds && Entry.IsHeld)
        {
            added = Entry.Cache.Subscribe(item, Entry.MakeDetails());
        }

        bool isStored = false;
        try
        {
            EntryToken[] items;
            do
            {
                items = Items;
            }
            while (!TryChange(items, splice.In(items), adds ? [added.Token] : [], added.Bytes, out isStored));
        }
        finally
        {
            // The entry left the cache meanwhile, or the list has no such item any more.
            if (!isStored)
            {
                Entry.Cache.Unsubscribe([added.Token]);
            }
        }

        if (isStored && added.HasChanged)
        {
            Entry.Cache.Expire(Entry.MakeDetails());
        }
    }

    protected override bool TryChange(EntryToken[] items, Splice splice, EntryToken[] added, out bool isStored) =>
        TryChange(items, splice, added, 0, out isStored);

    private bool TryChange(EntryToken[] items, Splice splice, EntryToken[] added, long addedBytes, out bool isStored)
    {
        Entry.MakeDetails();
        SettingsUpdate update = Entry.Change(new ListChange
        {
            OldTokens = items,
            NewTokens = splice.Apply(items, added),
            RemovedTokens = splice.Count,
            AddedTokenBytes = addedBytes,
        });
        isStored = update == SettingsUpdate.Stored;
        if (isStored)
        {
            // Whoever removes an entry ends the subscriptions that it has then. These it has no longer.
            Entry.Cache.Unsubscribe(items.AsSpan(splice.Index, splice.Count));
        }

        return update != SettingsUpdate.ListChanged;
    }
}
