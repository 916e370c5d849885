using BoundedCache.Engine;
using BoundedCache.Entries;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache;

/// <summary>Flights: the runs of factories, and the waits for them.</summary>
public sealed partial class BoundedMemoryCache
{
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
                using FlightWait wait = FlightWait.Begin(flight, runs);
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
        try
        {
            found = (Flight)_engine.BeginPending(in lookup, flight);
            if (found != flight)
            {
                waits = found.TryJoin();
                return found;
            }

            waits = true;
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
            // Once it can be found, others wait for it.
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
            EntryScope.CurrentEntry?.Inherit(flight.Expiration);
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
