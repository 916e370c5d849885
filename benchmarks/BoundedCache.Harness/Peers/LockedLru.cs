namespace BoundedCache.Harness.Peers;

/// <summary>A lock, a Dictionary and a LinkedList: exact LRU by declared sizes, as everybody writes it once.</summary>
internal sealed class LockedLru(long limit)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<object, LinkedListNode<Entry>> _nodes = [];
    private readonly LinkedList<Entry> _order = [];
    private long _limit = limit;
    private long _used;

    public long Count
    {
        get
        {
            lock (_lock)
            {
                return _nodes.Count;
            }
        }
    }

    public bool TryGet(object key, out object? value)
    {
        lock (_lock)
        {
            if (!_nodes.TryGetValue(key, out LinkedListNode<Entry>? node))
            {
                value = null;
                return false;
            }

            _order.Remove(node);
            _order.AddFirst(node);
            value = node.Value.Value;
            return true;
        }
    }

    public void Set(object key, object value, long size)
    {
        lock (_lock)
        {
            RemoveLocked(key);
            if (size <= _limit)
            {
                EvictDownTo(_limit - size);
                _nodes[key] = _order.AddFirst(new Entry(key, value, size));
                _used += size;
            }
        }
    }

    public void Remove(object key)
    {
        lock (_lock)
        {
            RemoveLocked(key);
        }
    }

    public void ShrinkTo(double share)
    {
        lock (_lock)
        {
            _limit = (long)(_used * share);
            EvictDownTo(_limit);
        }
    }

    private void EvictDownTo(long bytes)
    {
        while (_used > bytes)
        {
            RemoveLocked(_order.Last!.Value.Key);
        }
    }

    private void RemoveLocked(object key)
    {
        if (_nodes.Remove(key, out LinkedListNode<Entry>? node))
        {
            _order.Remove(node);
            _used -= node.Value.Size;
        }
    }

    private readonly record struct Entry(object Key, object Value, long Size);
}
