namespace BoundedCache.Release;

/// <summary>
/// The requests that one run of the releaser serves. Guarded by the releaser's lock until it is closed;
/// afterwards it belongs to the releaser's thread. The tasks complete elsewhere: no continuation runs under
/// the lock or on that thread.
/// </summary>
internal sealed class ReleaseBatch
{
    private readonly List<Waiter> _waiters = [];
    private readonly Queue<Func<TimeSpan, bool>> _settles = new();

    public Task<ReleaseResult> Add_NeedsLock(ReleaseRequest request, CancellationToken cancellationToken)
    {
        var waiter = new Waiter(request);
        _waiters.Add(waiter);
        if (request.WaitForCallbacks is not null)
        {
            _settles.Enqueue(request.WaitForCallbacks);
        }

        // Runs at once when the token is cancelled already, under the lock; it only marks a task.
        waiter.Registration = cancellationToken.UnsafeRegister(
            static (state, token) => ((TaskCompletionSource<ReleaseResult>)state!).TrySetCanceled(token),
            waiter.Source);
        return waiter.Source.Task;
    }

    public Func<TimeSpan, bool>? TakeWait_NeedsLock() =>
        _settles.TryDequeue(out Func<TimeSpan, bool>? settle) ? settle : null;

    /// <summary>
    /// The requests as one. Those whose callers went away leave their bytes, which are dead all
    /// the same, and nothing else.
    /// </summary>
    public ReleaseOrder Close_NeedsLock()
    {
        var order = default(ReleaseOrder);
        foreach (Waiter waiter in _waiters)
        {
            bool wanted = !waiter.Source.Task.IsCompleted;
            order = new ReleaseOrder
            {
                ExpectedBytes = SaturatingAdd(order.ExpectedBytes, waiter.Request.ExpectedBytes),
                Forced = order.Forced || (wanted && waiter.Request.Forced),
                Wanted = order.Wanted || wanted,
                IsFull = order.IsFull || (wanted && waiter.Request.Mode == ReleaseMode.Full),
                TrimNative = order.TrimNative || (wanted && waiter.Request.TrimNative),
                Baseline = Larger(order.Baseline, waiter.Request.Baseline),
                ReadCaches = order.ReadCaches ?? waiter.Request.ReadCaches,
            };
        }

        return order;
    }

    /// <summary>Whether any caller still waits. Of a closed batch.</summary>
    public bool IsWanted => _waiters.Exists(static waiter => !waiter.Source.Task.IsCompleted);

    public bool WantsFull_NeedsLock() =>
        _waiters.Exists(static waiter => waiter.Request.Mode == ReleaseMode.Full && !waiter.Source.Task.IsCompleted);

    public void Complete(ReleaseResult result)
    {
        foreach (Waiter waiter in _waiters)
        {
            waiter.Registration.Unregister();
            waiter.Source.TrySetResult(result);
        }
    }

    public void Fail(Exception exception)
    {
        foreach (Waiter waiter in _waiters)
        {
            waiter.Registration.Unregister();
            waiter.Source.TrySetException(exception);
        }
    }

    private static long SaturatingAdd(long sum, long bytes) =>
        Math.Max(0, bytes) > long.MaxValue - sum ? long.MaxValue : sum + Math.Max(0, bytes);

    private static ProcessMemorySnapshot? Larger(ProcessMemorySnapshot? one, ProcessMemorySnapshot? other) =>
        other is null || (one is not null && one.AllocatedBytes >= other.AllocatedBytes) ? one : other;

    private sealed class Waiter(ReleaseRequest request)
    {
        public ReleaseRequest Request { get; } = request;

        public TaskCompletionSource<ReleaseResult> Source { get; } = new(
            TaskCreationOptions.RunContinuationsAsynchronously);

        public CancellationTokenRegistration Registration { get; set; }
    }
}
