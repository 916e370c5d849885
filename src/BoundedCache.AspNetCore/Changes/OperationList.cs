using System.Diagnostics.CodeAnalysis;

namespace BoundedCache.AspNetCore.Changes;

/// <summary>
/// The operations under way, of which there are only so many, and the last ones that ended. Thread-safe.
/// </summary>
internal sealed class OperationList
{
    /// <summary>How many may be under way: each has a thread of its own.</summary>
    public const int MostRunning = 16;

    private const int MostKept = 64;

    private readonly Lock _lock = new();
    private readonly LinkedList<Operation> _operations = [];

    /// <summary>Adds one.</summary>
    /// <returns>False where too many are under way.</returns>
    public bool TryAdd(Operation operation)
    {
        lock (_lock)
        {
            if (_operations.Count(static each => !each.Ended.IsCompleted) >= MostRunning)
            {
                return false;
            }

            _operations.AddLast(operation);
            for (LinkedListNode<Operation>? node = _operations.First; node is not null && _operations.Count > MostKept;)
            {
                LinkedListNode<Operation>? next = node.Next;
                if (node.Value.Ended.IsCompleted)
                {
                    _operations.Remove(node);
                }

                node = next;
            }

            return true;
        }
    }

    public bool TryGet(string id, [MaybeNullWhen(false)] out Operation operation)
    {
        lock (_lock)
        {
            operation = _operations.FirstOrDefault(each => each.Id.Equals(id, StringComparison.Ordinal));
            return operation is not null;
        }
    }
}
