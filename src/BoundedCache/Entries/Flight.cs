using BoundedCache.Engine;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Entries;

/// <summary>
/// One run of a factory, and those who wait for its result: the caller that runs it, and all who ask for the same key
/// until it ends. Thread-safe.
/// </summary>
internal sealed class Flight : PendingStore
{
    private static readonly AsyncLocal<Scope?> s_scope = new();

    private readonly TaskCompletionSource<object?> _result =
        new(TaskCreationOptions.RunContinuationsAsynchronously);

    private readonly PendingStores _table;

    // Never disposed: it has no timer, and a waiter may cancel it while the factory ends.
    private CancellationTokenSource? _cancellation;
    private int _waiters = 1;

    public Flight(object key, int hash, PendingStores table)
        : base(key, hash) => _table = table;

    /// <summary>The flight whose factory this thread or flow belongs to; null once that factory has ended.</summary>
    public static Flight? Current => s_scope.Value?.Flight;

    /// <summary>The result or the failure, after the result was stored and the flight has left the table.</summary>
    public Task<object?> Result => _result.Task;

    /// <summary>How many wait now.</summary>
    public int Waiters => Volatile.Read(ref _waiters);

    /// <summary>When and by what the stored result expires, for entries that are being built around a waiter.</summary>
    public Expiration Expiration { get; private set; }

    /// <summary>Cancelled when nobody waits any more. Only the caller that runs the factory may ask for it.</summary>
    public CancellationToken Token
    {
        get
        {
            CancellationTokenSource cancellation = _cancellation ??= new CancellationTokenSource();

            // Abort does it the other way round: it sets the result, by an interlocked operation, and then looks for a
            // source. So one of the two sees the other.
            Interlocked.MemoryBarrier();
            if (Result.IsCompleted)
            {
                CancelFactory();
            }

            return cancellation.Token;
        }
    }

    /// <summary>Flights that this one's factory waits for. <see cref="FlightWait"/> guards it.</summary>
    public List<Flight>? WaitsFor { get; set; }

    /// <summary>Adds a waiter.</summary>
    /// <returns>False if all have left, so that the factory was told to stop.</returns>
    public bool TryJoin()
    {
        int waiters = Waiters;
        while (waiters > 0)
        {
            int seen = Interlocked.CompareExchange(ref _waiters, waiters + 1, waiters);
            if (seen == waiters)
            {
                return true;
            }

            waiters = seen;
        }

        if (Result.IsCompleted)
        {
            // There was no memory to leave the table. Who finds it there would ask again and again.
            _table.Remove(this);
        }

        return false;
    }

    /// <summary>Ends the wait of one who waits. The last one to give up cancels the token.</summary>
    public void Leave()
    {
        if (Interlocked.Decrement(ref _waiters) == 0 && !Result.IsCompleted)
        {
            CancelFactory();
        }
    }

    /// <summary>
    /// Marks this flow as the factory's, until the answer is disposed. The flow of an asynchronous caller is marked
    /// only inside of the method that calls this.
    /// </summary>
    public Scope EnterFactory()
    {
        var scope = new Scope(this, s_scope.Value);
        scope.LeaveOutEnded();
        s_scope.Value = scope;
        return scope;
    }

    /// <summary>
    /// From here on this flow is no factory's. For work that the cache does in the caller's execution context, and that
    /// no factory waits for.
    /// </summary>
    public static void LeaveFactories() => s_scope.Value = null;

    /// <summary>Ends the flight with the result, which is stored by now if it can be.</summary>
    public void Land(object? value, Expiration expiration)
    {
        LeaveTable();
        Expiration = expiration;
        _result.TrySetResult(value);
    }

    /// <summary>Ends the flight with a failure, which reaches all who wait.</summary>
    public void Fail(Exception failure)
    {
        LeaveTable();
        if (_result.TrySetException(failure))
        {
            // Seen, even if all who waited have left.
            _ = _result.Task.Exception;
        }
    }

    private void LeaveTable()
    {
        try
        {
            _table.Remove(this);
        }
        catch (OutOfMemoryException)
        {
            // All who wait get the result. Who finds the flight in the table from now on removes it.
        }
    }

    /// <summary>Ends the waits before the factory has ended, and cancels its token.</summary>
    public void Abort(Exception failure)
    {
        Fail(failure);
        CancelFactory();
    }

    /// <remarks>What the token's callbacks throw is theirs; they run on the thread pool.</remarks>
    private void CancelFactory() => Volatile.Read(ref _cancellation)?.CancelAsync();

    /// <summary>
    /// What a flow carries of the flight that it belongs to. A flow may outlive the factory (a timer that it started),
    /// so this lets go of the flight when the factory ends. The flow then belongs to the factory around it, if there is
    /// one that has not ended.
    /// </summary>
    internal sealed class Scope(Flight flight, Scope? outer) : IDisposable
    {
        private volatile Flight? _flight = flight;
        private volatile Scope? _outer = outer;

        public Scope? Outer => _outer;

        public Flight? Flight
        {
            get
            {
                for (Scope? scope = this; scope is not null; scope = scope._outer)
                {
                    if (scope._flight is { } running)
                    {
                        return running;
                    }
                }

                return null;
            }
        }

        /// <summary>
        /// Links the factories of this flow that run past those that have ended: a flow that goes on for ever would
        /// carry all of them.
        /// </summary>
        /// <remarks>
        /// Flows with a common part may do this at the same time. Each leaves out what has ended for good.
        /// </remarks>
        public void LeaveOutEnded()
        {
            for (Scope? inner = this; inner is not null; inner = inner._outer)
            {
                Scope? linked = inner._outer, outer = linked;
                while (outer is { _flight: null })
                {
                    outer = outer._outer;
                }

                if (outer != linked)
                {
                    inner._outer = outer;
                }
            }
        }

        /// <summary>The factory has ended.</summary>
        public void Dispose()
        {
            if (_flight is { } flight)
            {
                FlightWait.EndAll(flight);
                _flight = null;
                s_scope.Value = _outer;
            }
        }
    }
}

/// <summary>
/// The builder of the entry whose value a flight makes. While the factory runs, disposing it does nothing: the result
/// is stored at the end, and nothing where the factory fails.
/// </summary>
internal sealed class FlightEntry : CacheEntry
{
    private readonly Flight _flight;
    private volatile bool _isBeingMade;

    public FlightEntry(Flight flight, IEntryStore cache)
        : base(flight.Key, cache) => _flight = flight;

    public override PendingStore Pending => _flight;

    /// <summary>What an entry inherits that is being built around a wait for this one.</summary>
    public Expiration Expiration => new(Math.Max(1, ((IEntrySettings)this).AbsoluteTicks), Details?.Tokens);

    public override void Dispose()
    {
        if (!_isBeingMade)
        {
            base.Dispose();
        }
    }

    /// <summary>Runs the factory, and stores its result.</summary>
    public void Fill<TItem>(MemoryCacheEntryOptions? options, Func<ICacheEntry, TItem> factory)
    {
        using Flight.Scope scope = _flight.EnterFactory();
        try
        {
            SetOptions(options);
            _isBeingMade = true;
            Value = factory(this);
        }
        catch
        {
            // The factory failed: the caller gets that. Nothing is stored, even if the factory had set a value.
            _isBeingMade = false;
            Withdraw();
            throw;
        }

        _isBeingMade = false;
        Dispose();
    }

    /// <inheritdoc cref="Fill"/>
    public async Task FillAsync<TItem>(
        MemoryCacheEntryOptions? options, Func<ICacheEntry, Flight, Task<TItem>?> factory)
    {
        using Flight.Scope scope = _flight.EnterFactory();
        try
        {
            SetOptions(options);
            _isBeingMade = true;
            Task<TItem> task = factory(this, _flight) ?? throw new InvalidOperationException(
                $"The factory for the key '{Key}' returned null; expected a task.");
            Value = await task.ConfigureAwait(false);
        }
        catch
        {
            // The factory failed: the caller gets that. Nothing is stored, even if the factory had set a value.
            _isBeingMade = false;
            Withdraw();
            throw;
        }

        _isBeingMade = false;
        Dispose();
    }

    private void SetOptions(MemoryCacheEntryOptions? options)
    {
        if (options is not null)
        {
            CacheEntryExtensions.SetOptions(this, options);
        }
    }
}
