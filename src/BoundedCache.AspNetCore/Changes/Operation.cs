using System.Diagnostics.CodeAnalysis;

namespace BoundedCache.AspNetCore.Changes;

/// <summary>A change that is running or has ended. Its requester may have disconnected meanwhile.</summary>
internal sealed class Operation(IBoundedCache cache, OperationKind kind, DateTimeOffset started)
{
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly EntrySizing _sizing = cache.GetSnapshot().Sizing;
    private volatile ShrinkView? _report;
    private volatile string? _error;
    private int _isUntold;

    /// <summary>
    /// Held while the watchers are told of it, from the look at it to the event: no look is told after a newer one.
    /// </summary>
    public Lock Telling { get; } = new();

    public string Id { get; } = Guid.NewGuid().ToString("N");

    public IBoundedCache Cache => cache;

    public OperationKind Kind => kind;

    /// <summary>Completes without an exception, even if the operation failed.</summary>
    public Task Ended => _ended.Task;

    public ShrinkView? Report => _report;

    public string? Error => _error;

    public OperationState State =>
        _report is not null ? OperationState.Completed
        : _error is not null ? OperationState.Failed
        : cache.UsedMemory > cache.MaxMemory ? OperationState.Evicting
        : OperationState.Releasing;

    public void Complete(ShrinkView report)
    {
        _report = report;
        _ended.SetResult();
    }

    public void Fail(string error)
    {
        _error = error;
        _ended.SetResult();
    }

    /// <summary>Notes that its progress could not be told.</summary>
    /// <returns>Whether that is new.</returns>
    public bool TryMarkUntold() => Interlocked.Exchange(ref _isUntold, 1) == 0;

    public OperationView View() => new(
        Id, cache.Name, _sizing, kind, State, started, cache.UsedMemory, cache.MaxMemory,
        ProcessMemorySnapshot.Take() is { IsResidentUnknown: false } process ? process.ResidentBytes : null,
        _report, _error);
}

/// <summary>
/// The running operations, up to a maximum, and the last ones that ended. Thread-safe.
/// </summary>
internal sealed class OperationList
{
    /// <summary>
    /// The maximum number of running operations. They share a few threads, but each may wait long: for user code that
    /// blocks, or for a release. Whoever asks for more than this is better told than queued.
    /// </summary>
    public const int MostRunning = 16;

    private const int MostKept = 64;

    private readonly Lock _lock = new();
    private readonly LinkedList<Operation> _operations = [];

    /// <summary>Adds an operation.</summary>
    /// <returns>False if too many are running.</returns>
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
