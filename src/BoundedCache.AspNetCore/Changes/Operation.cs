namespace BoundedCache.AspNetCore.Changes;

/// <summary>A change that is under way, or has ended: whoever asked for it may have gone meanwhile.</summary>
internal sealed class Operation(BoundedMemoryCache cache, OperationKind kind, DateTimeOffset started)
{
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile ShrinkView? _report;
    private volatile string? _error;

    public string Id { get; } = Guid.NewGuid().ToString("N");

    public BoundedMemoryCache Cache => cache;

    public OperationKind Kind => kind;

    /// <summary>Ends without an exception, however the operation did.</summary>
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

    public OperationView View() => new(
        Id, cache.Name, kind, State, started, cache.UsedMemory, cache.MaxMemory,
        ProcessMemorySnapshot.Take().ResidentBytes, _report, _error);
}
