namespace BoundedCache.Process;

/// <summary>
/// A list that does not keep its items alive. Items that were collected are skipped, and dropped in time.
/// </summary>
/// <remarks>Not thread-safe. Enumerating allocates nothing; the list must not be changed meanwhile.</remarks>
internal sealed class WeakList<T>
    where T : class
{
    private const int FirstSweep = 16;

    private readonly List<WeakReference<T>> _items = [];
    private int _nextSweep = FirstSweep;

    /// <summary>Items that were added and neither removed nor dropped; some of them may have been collected.</summary>
    public int Count => _items.Count;

    /// <summary>Adds an item. Drops collected ones whenever there may be as many of them as living ones.</summary>
    public void Add(T item)
    {
        if (_items.Count >= _nextSweep)
        {
            DropCollected();
            _nextSweep = Math.Max(FirstSweep, 2 * _items.Count);
        }

        _items.Add(new WeakReference<T>(item));
    }

    /// <summary>Removes an item, compared by reference, as often as it was added.</summary>
    public void Remove(T item) =>
        _items.RemoveAll(weak => !weak.TryGetTarget(out T? other) || ReferenceEquals(other, item));

    /// <summary>The living items, in the order in which they were added.</summary>
    public List<T> ToList()
    {
        DropCollected();
        List<T> items = [];
        foreach (T item in this)
        {
            items.Add(item);
        }

        return items;
    }

    public Enumerator GetEnumerator() => new(_items);

    private void DropCollected() => _items.RemoveAll(static weak => !weak.TryGetTarget(out _));

    /// <summary>Iterates over the living items.</summary>
    public struct Enumerator
    {
        private List<WeakReference<T>>.Enumerator _items;
        private T? _current;

        internal Enumerator(List<WeakReference<T>> items) => _items = items.GetEnumerator();

        public readonly T Current => _current!;

        public bool MoveNext()
        {
            while (_items.MoveNext())
            {
                if (_items.Current.TryGetTarget(out _current))
                {
                    return true;
                }
            }

            return false;
        }
    }
}
