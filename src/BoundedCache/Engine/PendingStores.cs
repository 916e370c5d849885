using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Engine;

/// <summary>
/// A value that is being made, to be stored when it is ready, unless its key is written or removed first: then it is
/// overtaken.
/// </summary>
internal class PendingStore(object key, int hash)
{
    private volatile int _overtakenBy;

    public object Key { get; } = key;

    public int Hash { get; } = hash;

    /// <summary>
    /// Why the value must not be stored any more; <see cref="EvictionReason.None"/> while it may be. Set under the
    /// engine's lock and never reset.
    /// </summary>
    public EvictionReason OvertakenBy => (EvictionReason)_overtakenBy;

    public bool IsOvertaken => _overtakenBy != 0;

    /// <summary>Under the engine's lock, so that it never happens in the middle of a store.</summary>
    public void Overtake(EvictionReason by)
    {
        if (!IsOvertaken)
        {
            _overtakenBy = (int)by;
        }
    }
}

/// <summary>
/// The pending stores by key: a hash table of immutable lists, without a lock, because keys' <c>Equals</c> is user
/// code. While there is none, asking for one is a read of a number. Thread-safe.
/// </summary>
/// <remarks>
/// One that is overtaken stays until it has ended, so that <see cref="Snapshot"/> has all that run. It is not found by
/// its key any more.
/// </remarks>
internal sealed class PendingStores
{
    private const int Buckets = 256;
    private const int BegunCounters = 64;

    private readonly int[] _begun = new int[BegunCounters];
    private Node?[]? _buckets;
    private int _count;

    /// <summary>How many there are; briefly more while one is added or removed.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>
    /// A number that changes whenever one with this hash was added. Few others change it too: whoever waits for it to
    /// stay the same must not wait for all keys.
    /// </summary>
    public int Begun(int hash) => Volatile.Read(ref _begun[hash & (BegunCounters - 1)]);

    /// <summary>Finds the one with a key that is not overtaken.</summary>
    public PendingStore? Find<TLookup>(scoped in TLookup lookup)
        where TLookup : struct, IKeyLookup, allows ref struct =>
        Count == 0 ? null : Find(Volatile.Read(ref HeadOf(lookup.Hash)), in lookup);

    /// <summary>Adds one, or finds another with the same key that is not overtaken.</summary>
    public PendingStore GetOrAdd<TLookup>(scoped in TLookup lookup, PendingStore added)
        where TLookup : struct, IKeyLookup, allows ref struct
    {
        // Counted before it can be found, so that whoever looks for it afterwards does look.
        Interlocked.Increment(ref _count);
        bool isAdded = false;
        try
        {
            ref Node? head = ref HeadOf(lookup.Hash);
            while (true)
            {
                Node? seen = Volatile.Read(ref head);
                if (Find(seen, in lookup) is { } found)
                {
                    return found;
                }

                if (Interlocked.CompareExchange(ref head, new Node(added, seen), seen) == seen)
                {
                    Interlocked.Increment(ref _begun[lookup.Hash & (BegunCounters - 1)]);
                    isAdded = true;
                    return added;
                }
            }
        }
        finally
        {
            if (!isAdded)
            {
                Interlocked.Decrement(ref _count);
            }
        }
    }

    /// <summary>Removes one, if it is there. Runs no user code.</summary>
    public void Remove(PendingStore store)
    {
        ref Node? head = ref HeadOf(store.Hash);
        while (true)
        {
            Node? seen = Volatile.Read(ref head);
            if (!Contains(seen, store))
            {
                return;
            }

            if (Interlocked.CompareExchange(ref head, Without(seen!, store), seen) == seen)
            {
                Interlocked.Decrement(ref _count);
                return;
            }
        }
    }

    /// <summary>All that are there now, overtaken or not.</summary>
    public List<PendingStore> Snapshot()
    {
        var all = new List<PendingStore>();
        if (Count == 0)
        {
            return all;
        }

        Node?[] buckets = Table();
        for (int i = 0; i < buckets.Length; i++)
        {
            for (Node? node = Volatile.Read(ref buckets[i]); node is not null; node = node.Next)
            {
                all.Add(node.Store);
            }
        }

        return all;
    }

    private static PendingStore? Find<TLookup>(Node? node, scoped in TLookup lookup)
        where TLookup : struct, IKeyLookup, allows ref struct
    {
        for (; node is not null; node = node.Next)
        {
            if (node.Store.Hash == lookup.Hash && !node.Store.IsOvertaken && lookup.Matches(node.Store.Key))
            {
                return node.Store;
            }
        }

        return null;
    }

    private static bool Contains(Node? node, PendingStore store)
    {
        while (node is not null && node.Store != store)
        {
            node = node.Next;
        }

        return node is not null;
    }

    /// <summary>The same list without one of its members: a copy of what comes before it.</summary>
    private static Node? Without(Node head, PendingStore store)
    {
        Node? kept = null;
        Node node = head;
        for (; node.Store != store; node = node.Next!)
        {
            kept = new Node(node.Store, kept);
        }

        Node? rest = node.Next;
        for (; kept is not null; kept = kept.Next)
        {
            rest = new Node(kept.Store, rest);
        }

        return rest;
    }

    private ref Node? HeadOf(int hash) => ref Table()[hash & (Buckets - 1)];

    /// <summary>The table, which the first pending store makes.</summary>
    private Node?[] Table() =>
        Volatile.Read(ref _buckets)
        ?? Interlocked.CompareExchange(ref _buckets, new Node?[Buckets], null)
        ?? _buckets;

    private sealed record Node(PendingStore Store, Node? Next);
}

/// <summary>Values that are being made, and the writes that overtake them.</summary>
internal sealed partial class CacheEngine
{
    public PendingStores Pending { get; } = new();

    /// <summary>
    /// Announces a value that will be stored later by <see cref="Set"/> (<see cref="NewEntry.Pending"/>), unless there
    /// is one with the same key already. A lookup after this sees every write that does not overtake it.
    /// </summary>
    /// <returns>The given one, or the other.</returns>
    public PendingStore BeginPending<TLookup>(scoped in TLookup lookup, PendingStore store)
        where TLookup : struct, IKeyLookup, allows ref struct
    {
        PendingStore found = Pending.GetOrAdd(in lookup, store);
        if (ReferenceEquals(found, store))
        {
            // A write that holds the lock now may not have seen it. What it writes can be read afterwards. Others may
            // wait for the store already, so an interruption of this thread does not end it.
            using (_lock.EnterAlways())
            {
            }
        }

        return found;
    }

    /// <summary>Overtakes the pending store with a key, if there is one: it will not be stored.</summary>
    /// <returns>
    /// <see cref="PendingStores.Begun"/> of the key's hash before the search. While it is the same, there is no pending
    /// store of that key.
    /// </returns>
    public int OvertakePending<TLookup>(scoped in TLookup lookup, EvictionReason reason)
        where TLookup : struct, IKeyLookup, allows ref struct
    {
        int begun = Pending.Begun(lookup.Hash);
        while (Pending.Find(in lookup) is { } store)
        {
            OvertakePending(store, reason);
        }

        return begun;
    }

    /// <summary>Overtakes a pending store.</summary>
    public void OvertakePending(PendingStore store, EvictionReason reason)
    {
        using (_lock.Enter())
        {
            store.Overtake(reason);
        }
    }

    private void OvertakeAllPending(EvictionReason reason)
    {
        foreach (PendingStore store in Pending.Snapshot())
        {
            if (!store.IsOvertaken)
            {
                OvertakePending(store, reason);
            }
        }
    }
}
