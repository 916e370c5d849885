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

        /// <summary>Whether anybody still wants the release. Only for a closed batch.</summary>
        public bool IsWanted => _waiters.Exists(static waiter => waiter.IsWanted);

        /// <summary>The requests that are owed a release until it has done its job. Only for a closed batch.</summary>
        public List<ReleaseRequest> Owed =>
        [
            .. _waiters.Where(static waiter => waiter.IsWanted).Select(static waiter => waiter.Request)
                .Where(static request => request is { IsOwed: true, Mode: not ReleaseMode.None }),
        ];

        public Task<ReleaseResult> Add_NeedsLock(ReleaseRequest request, CancellationToken cancellationToken)
        {
            Debug.Assert(owner.IsHeldByCurrentThread);
            var waiter = new Waiter(request);
            _waiters.Add(waiter);
            if (request.WaitForCallbacks is { } wait)
            {
                _callbackWaits.Enqueue(request.IsInCallback ? _ => wait(TimeSpan.Zero) : wait);
            }

            // Runs at once when the token is cancelled already, under the lock; it only marks a task.
            waiter.Registration = cancellationToken.UnsafeRegister(
                static (state, token) => ((TaskCompletionSource<ReleaseResult>)state!).TrySetCanceled(token),
                waiter.Source);
            return waiter.Source.Task;
        }

        /// <summary>
        /// The next wait for a caller's callbacks, or a mere look at them; null where none is left.
        /// </summary>
        public Func<TimeSpan, bool>? TakeCallbackWait_NeedsLock()
        {
            Debug.Assert(owner.IsHeldByCurrentThread);
            return _callbackWaits.TryDequeue(out Func<TimeSpan, bool>? wait) ? wait : null;
        }

        /// <summary>Whether a full release is still wanted.</summary>
        public bool WantsFull_NeedsLock()
        {
            Debug.Assert(owner.IsHeldByCurrentThread);
            return _waiters.Exists(static waiter => waiter.IsWanted && waiter.Request.Mode == ReleaseMode.Full);
        }

        /// <summary>The requests as one. A request that nobody wants any more adds only its bytes.</summary>
        public ReleaseRequest Combine_NeedsLock()
        {
            Debug.Assert(owner.IsHeldByCurrentThread);
            return _waiters
                .Select(static waiter => waiter.IsWanted ? waiter.Request : waiter.Request.WithoutCaller())
                .Aggregate(static (sum, request) => sum.Combine(request));
        }

        /// <summary>Answers the callers.</summary>
        /// <returns>The observers of callers that no longer waited, and whose requests outlive them.</returns>
        public List<IReleaseObserver> Complete(ReleaseResult result)
        {
            List<IReleaseObserver> left = [];
            foreach (Waiter waiter in _waiters)
            {
                waiter.Registration.Unregister();
                if (!waiter.Source.TrySetResult(result)
                    && waiter.Request is { OutlivesCaller: true, Observer: { } observer })
                {
                    left.Add(observer);
                }
            }

            return left;
        }

        public void Fail(Exception exception)
        {
            foreach (Waiter waiter in _waiters)
            {
                waiter.Registration.Unregister();
                waiter.Source.TrySetException(exception);
            }
        }

        private sealed class Waiter(ReleaseRequest request)
        {
            public ReleaseRequest Request { get; } = request;

            public TaskCompletionSource<ReleaseResult> Source { get; } = new(
                TaskCreationOptions.RunContinuationsAsynchronously);

            public CancellationTokenRegistration Registration { get; set; }

            public bool IsWanted => Request.OutlivesCaller || !Source.Task.IsCompleted;
        }
    }
}
