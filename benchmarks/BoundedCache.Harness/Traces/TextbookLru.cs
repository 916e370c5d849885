namespace BoundedCache.Harness.Traces;

/// <summary>
/// The LRU of the textbooks, one thread, sizes in bytes: a dictionary and a linked list. What every other cache's
/// misses are held against.
/// </summary>
/// <param name="maxBytes">The limit; a larger request is never kept, and pushes nothing out.</param>
public sealed class TextbookLru(long maxBytes)
{
    private readonly Dictionary<string, LinkedListNode<TraceRequest>> _nodes = [];
    private readonly LinkedList<TraceRequest> _order = [];
    private long _usedBytes;

    /// <summary>Asks for a key; where it is missing it is stored and the least recently used make room.</summary>
    /// <returns>Whether it was there.</returns>
    public bool Request(TraceRequest request)
    {
        if (_nodes.TryGetValue(request.Key, out LinkedListNode<TraceRequest>? node))
        {
            _order.Remove(node);
            _order.AddFirst(node);
            return true;
        }

        if (request.SizeBytes > maxBytes)
        {
            return false;
        }

        while (_usedBytes + request.SizeBytes > maxBytes)
        {
            TraceRequest victim = _order.Last!.Value;
            _order.RemoveLast();
            _nodes.Remove(victim.Key);
            _usedBytes -= victim.SizeBytes;
        }

        _nodes[request.Key] = _order.AddFirst(request);
        _usedBytes += request.SizeBytes;
        return false;
    }
}
