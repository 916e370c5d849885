using BoundedCache.Engine;
using BoundedCache.Entries;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache;

/// <summary>
/// Makes values that are missing, by one factory a key at a time. On a variable of this class these methods come before
/// the extension methods of <see cref="IMemoryCache"/> with the same names, whose factories run once for each caller
/// that misses.
/// </summary>
public sealed partial class BoundedMemoryCache
{
    /// <summary>Answers the value of a key, or makes and stores it.</summary>
    /// <typeparam name="TItem">The type of the value; one that is a struct is boxed.</typeparam>
    /// <param name="key">The key.</param>
    /// <param name="factory">
    /// Makes the value, and may set the entry's expiration, priority, size, tokens and callbacks. Runs on the thread of
    /// the caller that came first.
    /// </param>
    /// <param name="createOptions">
    /// What the entry has unless the factory sets it; null for the defaults. The options of the caller that came first
    /// count.
    /// </param>
    /// <returns>The value, which may be null.</returns>
    /// <remarks>
    /// <para>One factory runs for a key at a time. Who asks for the key meanwhile, by this method or by
    /// <c>GetOrCreateAsync</c>, waits for its result; here the thread is blocked. A failure of the factory, or of
    /// storing its result, reaches all who wait, and nothing is stored.</para>
    /// <para>A removal of the key, or another write to it, or <see cref="Clear"/>, wins over a factory that runs: who
    /// waits gets the factory's result, but it is not stored, and who asks later runs a factory of his own at once. The
    /// entry's eviction callbacks are told, as if it had been stored before. <see cref="Compact"/> and evictions do not
    /// touch factories that run.</para>
    /// <para>A factory may ask for other keys, of any cache. One that asks for its own key, also by way of other
    /// factories, gets an <see cref="InvalidOperationException"/>, and so does one of several factories that wait for
    /// each other. Code that a factory started without waiting for it counts as the factory until that has
    /// ended.</para>
    /// <para>When the cache is disposed, all who wait get an <see cref="ObjectDisposedException"/>.</para>
    /// </remarks>
    /// <exception cref="ArgumentNullException"><paramref name="key"/> or <paramref name="factory"/> is null.</exception>
    /// <exception cref="InvalidCastException">
    /// The value is no <typeparamref name="TItem"/>. A null that should be a struct throws
    /// <see cref="NullReferenceException"/>.
    /// </exception>
    /// <exception cref="InvalidOperationException">
    /// Factories would wait for each other; or the cache counts declared sizes, and the entry has none.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The cache is disposed, or was while this waited.</exception>
    public TItem? GetOrCreate<TItem>(
        object key, Func<ICacheEntry, TItem> factory, MemoryCacheEntryOptions? createOptions = null)
    {
        ArgumentNullException.ThrowIfNull(factory);
        while (true)
        {
            if (TryGetValue(key, out object? value))
            {
                return (TItem?)value;
            }

            Flight flight = Board(key, out bool runs, out bool waits);
            try
            {
                using FlightWait wait = FlightWait.Begin(flight);
                if (runs)
                {
                    Run(flight, factory, createOptions);
                }

                if (waits)
                {
                    value = flight.Result.GetAwaiter().GetResult();
                    return (TItem?)Take(flight, value, runs);
                }

                // Its factory was told to stop. One at a time: the next one begins when it has ended.
                Task.WaitAny(flight.Result);
            }
            finally
            {
                Leave(flight, waits);
            }
        }
    }

    /// <inheritdoc cref="GetOrCreate{TItem}(object, Func{ICacheEntry, TItem}, MemoryCacheEntryOptions?)"/>
    /// <param name="key">The key.</param>
    /// <param name="factory">
    /// Makes the value, and may set the entry's expiration, priority, size, tokens and callbacks. It begins on the
    /// thread of the caller that came first, in its execution context.
    /// </param>
    /// <param name="createOptions">
    /// What the entry has unless the factory sets it; null for the defaults. The options of the caller that came first
    /// count.
    /// </param>
    public async Task<TItem?> GetOrCreateAsync<TItem>(
        object key, Func<ICacheEntry, Task<TItem>> factory, MemoryCacheEntryOptions? createOptions = null)
    {
        ArgumentNullException.ThrowIfNull(factory);
        return TryGetValue(key, out object? value)
            ? (TItem?)value
            : await CreateAsync<TItem>(key, (entry, _) => factory(entry), createOptions, CancellationToken.None)
                .ConfigureAwait(false);
    }

    /// <inheritdoc cref="GetOrCreate{TItem}(object, Func{ICacheEntry, TItem}, MemoryCacheEntryOptions?)"/>
    /// <summary>Answers the value of a key, or makes and stores it. A hit allocates nothing.</summary>
    /// <param name="key">The key.</param>
    /// <param name="factory">
    /// Makes the value, and may set the entry's expiration, priority, size, tokens and callbacks. It begins on the
    /// thread of the caller that came first, in its execution context. Its token is cancelled when no caller waits any
    /// more; until the factory has ended, nobody starts another for the key.
    /// </param>
    /// <param name="cancellationToken">
    /// Ends this caller's wait only. A value that is stored already is answered all the same.
    /// </param>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public ValueTask<TItem?> GetOrCreateAsync<TItem>(
        object key,
        Func<ICacheEntry, CancellationToken, Task<TItem>> factory,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(factory);
        if (TryGetValue(key, out object? value))
        {
            return value is TItem item ? new ValueTask<TItem?>(item) : Convert<TItem>(value);
        }

        return cancellationToken.IsCancellationRequested
            ? ValueTask.FromCanceled<TItem?>(cancellationToken)
            : new ValueTask<TItem?>(CreateAsync(key, factory, cancellationToken));
    }

    /// <summary>A value that is null or of another type than the caller wants.</summary>
    private static ValueTask<TItem?> Convert<TItem>(object? value)
    {
        try
        {
            return new ValueTask<TItem?>((TItem?)value);
        }
        catch (Exception failure) when (failure is InvalidCastException or NullReferenceException)
        {
            return ValueTask.FromException<TItem?>(failure);
        }
    }

    /// <summary>A method of its own, because its closure would cost every hit an allocation.</summary>
    private Task<TItem?> CreateAsync<TItem>(
        object key, Func<ICacheEntry, CancellationToken, Task<TItem>> factory, CancellationToken cancellationToken) =>
        CreateAsync<TItem>(key, (entry, flight) => factory(entry, flight.Token), options: null, cancellationToken);

    /// <summary>After a miss.</summary>
    private async Task<TItem?> CreateAsync<TItem>(
        object key,
        Func<ICacheEntry, Flight, Task<TItem>?> factory,
        MemoryCacheEntryOptions? options,
        CancellationToken cancellationToken)
    {
        object? value;
        do
        {
            Flight flight = Board(key, out bool runs, out bool waits);
            try
            {
                using FlightWait wait = FlightWait.Begin(flight);
                if (runs)
                {
                    _ = RunAsync(flight, factory, options);
                }

                if (waits)
                {
                    value = await flight.Result.WaitAsync(cancellationToken).ConfigureAwait(false);
                    return (TItem?)Take(flight, value, runs);
                }

                // Its factory was told to stop. One at a time: the next one begins when it has ended.
                await ((Task)flight.Result).WaitAsync(cancellationToken)
                    .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                cancellationToken.ThrowIfCancellationRequested();
            }
            finally
            {
                Leave(flight, waits);
            }
        }
        while (!TryGetValue(key, out value));
        return (TItem?)value;
    }

    /// <summary>Begins a flight for a key, or finds the one that is under way.</summary>
    /// <param name="key">The key.</param>
    /// <param name="runs">Whether the caller has to run the factory.</param>
    /// <param name="waits">
    /// Whether the caller is one of those who wait for the result, and has to <see cref="Leave"/>. False if the factory
    /// was told to stop.
    /// </param>
    private Flight Board(object key, out bool runs, out bool waits) => key is string text
        ? Board(key, new StringLookup(text), out runs, out waits)
        : Board(key, new ObjectLookup(key), out runs, out waits);

    private Flight Board<TLookup>(object key, scoped in TLookup lookup, out bool runs, out bool waits)
        where TLookup : struct, IKeyLookup, allows ref struct
    {
        runs = false;
        if (_engine.Pending.Find(in lookup) is Flight found)
        {
            waits = found.TryJoin();
            return found;
        }

        var flight = new Flight(key, lookup.Hash, _engine.Pending);
        found = (Flight)_engine.BeginPending(in lookup, flight);
        if (found != flight)
        {
            waits = found.TryJoin();
            return found;
        }

        waits = true;
        try
        {
            // Another flight may have landed, or the cache been disposed, before this one could be found.
            ThrowIfDisposed();
            if (_engine.TryGet(in lookup, out object? value, out Expiration expiration))
            {
                flight.Land(value, expiration);
            }
            else
            {
                runs = true;
            }
        }
        catch (Exception failure)
        {
            flight.Fail(failure);
            throw;
        }

        return flight;
    }

    /// <summary>Takes a flight's result, whose expiration an entry inherits that is being built around it.</summary>
    private object? Take(Flight flight, object? value, bool ran)
    {
        if (_trackLinkedEntries && !ran)
        {
            CacheEntry.Current?.Inherit(flight.Expiration);
        }

        return value;
    }

    private static void Leave(Flight flight, bool waits)
    {
        if (waits)
        {
            flight.Leave();
        }
    }

    private void Run<TItem>(Flight flight, Func<ICacheEntry, TItem> factory, MemoryCacheEntryOptions? options)
    {
        try
        {
            using var entry = new FlightEntry(flight, this);
            entry.Fill(options, factory);
            flight.Land(entry.Value, _trackLinkedEntries ? entry.Expiration : default);
        }
#pragma warning disable CA1031 // It reaches all who wait.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            flight.Fail(failure);
        }
    }

    /// <summary>Never throws.</summary>
    private async Task RunAsync<TItem>(
        Flight flight, Func<ICacheEntry, Flight, Task<TItem>?> factory, MemoryCacheEntryOptions? options)
    {
        try
        {
            using var entry = new FlightEntry(flight, this);
            await entry.FillAsync(options, factory).ConfigureAwait(false);
            flight.Land(entry.Value, _trackLinkedEntries ? entry.Expiration : default);
        }
#pragma warning disable CA1031 // It reaches all who wait.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            flight.Fail(failure);
        }
    }

    /// <summary>Ends all waits: the cache is disposed.</summary>
    private void AbortFlights()
    {
        foreach (PendingStore flight in _engine.Pending.Snapshot())
        {
            ((Flight)flight).Abort(new ObjectDisposedException(GetType().FullName));
        }
    }
}
