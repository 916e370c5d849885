using System.Diagnostics;

namespace BoundedCache.Release;

internal sealed partial class MemoryReleaser
{
    /// <summary>
    /// The requests that one run serves. The releaser's lock guards it until it is closed; afterwards it belongs to the
    /// releaser's thread. The tasks complete elsewhere: no continuation runs under the lock or on that thread.
    /// </summary>
    private sealed class Batch(Lock owner)
    {
        private readonly List<Waiter> _waiters = [];
        private readonly Queue<Func<TimeSpan, bool>> _callbackWaits = new();

        /// <summary>Whether any caller still waits. Only for a closed batch.</summary>
        public bool IsWanted => _waiters.Exists(static waiter => waiter.IsWaiting);

        public Task<ReleaseResult> Add_NeedsLock(ReleaseRequest request, CancellationToken cancellationToken)
        {
            Debug.Assert(owner.IsHeldByCurrentThread);
            var waiter = new Waiter(request);
            _waiters.Add(waiter);
            if (request.WaitForCallbacks is not null)
            {
                _callbackWaits.Enqueue(request.WaitForCallbacks);
            }

            // Runs at once when the token is cancelled already, under the lock; it only marks a task.
            waiter.Registration = cancellationToken.UnsafeRegister(
                static (state, token) => ((TaskCompletionSource<ReleaseResult>)state!).TrySetCanceled(token),
                waiter.Source);
            return waiter.Source.Task;
        }

        /// <summary>The next wait for a caller's callbacks; null where none is left.</summary>
        public Func<TimeSpan, bool>? TakeCallbackWait_NeedsLock()
        {
            Debug.Assert(owner.IsHeldByCurrentThread);
            return _callbackWaits.TryDequeue(out Func<TimeSpan, bool>? wait) ? wait : null;
        }

        /// <summary>Whether a caller that still waits wants a full release.</summary>
        public bool WantsFull_NeedsLock()
        {
            Debug.Assert(owner.IsHeldByCurrentThread);
            return _waiters.Exists(static waiter => waiter.IsWaiting && waiter.Request.Mode == ReleaseMode.Full);
        }

        /// <summary>The requests as one. A request whose caller no longer waits adds only its bytes.</summary>
        public ReleaseRequest Combine_NeedsLock()
        {
            Debug.Assert(owner.IsHeldByCurrentThread);
            return _waiters
                .Select(static waiter => waiter.IsWaiting ? waiter.Request : waiter.Request.WithoutCaller())
                .Aggregate(static (sum, request) => sum.Combine(request));
        }

        public void Complete(ReleaseResult result) => End(source => source.TrySetResult(result));

        public void Fail(Exception exception) => End(source => source.TrySetException(exception));

        private void End(Action<TaskCompletionSource<ReleaseResult>> answer)
        {
            foreach (Waiter waiter in _waiters)
            {
                waiter.Registration.Unregister();
                answer(waiter.Source);
            }
        }

        private sealed class Waiter(ReleaseRequest request)
        {
            public ReleaseRequest Request { get; } = request;

            public TaskCompletionSource<ReleaseResult> Source { get; } = new(
                TaskCreationOptions.RunContinuationsAsynchronously);

            public CancellationTokenRegistration Registration { get; set; }

            public bool IsWaiting => !Source.Task.IsCompleted;
        }
    }
}
