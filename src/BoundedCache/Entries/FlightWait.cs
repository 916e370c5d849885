using BoundedCache.Process;

namespace BoundedCache.Entries;

/// <summary>
/// The wait of a factory for another flight. All waits of the process, of all caches, make up a graph: a factory that
/// waits for a flight which waits for that factory would wait for ever, so it gets an exception instead.
/// </summary>
/// <remarks>Callers that are no factories wait for flights too, but no flight waits for them.</remarks>
internal readonly struct FlightWait : IDisposable
{
    /// <summary>Guards <see cref="Flight.WaitsFor"/> of all flights. No user code runs under it.</summary>
    private static readonly Lock s_lock = new();

    private readonly Flight? _waiter;
    private readonly Flight _awaited;

    private FlightWait(Flight? waiter, Flight awaited) => (_waiter, _awaited) = (waiter, awaited);

    /// <summary>Begins a wait of this thread or asynchronous flow.</summary>
    /// <param name="awaited">The flight.</param>
    /// <param name="runs">
    /// Whether the caller runs its factory. Nobody else would: where this throws, the flight fails.
    /// </param>
    /// <exception cref="InvalidOperationException">It would never end.</exception>
    public static FlightWait Begin(Flight awaited, bool runs)
    {
        try
        {
            return Begin(awaited);
        }
        catch (Exception failure) when (runs)
        {
            awaited.Fail(failure);
            throw;
        }
    }

    private static FlightWait Begin(Flight awaited)
    {
        Flight? waiter = Flight.Current;
        List<Flight>? circle = null;
        if (waiter is not null)
        {
            lock (s_lock)
            {
                circle = FindPath(awaited, waiter);
                if (circle is null)
                {
                    (waiter.WaitsFor ??= []).Add(awaited);
                }
            }
        }

        return circle is null ? new FlightWait(waiter, awaited) : throw Deadlock(waiter!, circle);
    }

    /// <summary>Ends all waits of a factory that has ended.</summary>
    public static void EndAll(Flight waiter)
    {
        using (s_lock.EnterAlways())
        {
            waiter.WaitsFor = null;
        }
    }

    /// <summary>Ends the wait.</summary>
    public void Dispose()
    {
        if (_waiter is not null)
        {
            using (s_lock.EnterAlways())
            {
                _waiter.WaitsFor?.Remove(_awaited);
            }
        }
    }

    /// <summary>A chain of waits from one flight to another; null if there is none.</summary>
    private static List<Flight>? FindPath(Flight from, Flight to)
    {
        var cameFrom = new Dictionary<Flight, Flight?> { [from] = null };
        var open = new Stack<Flight>([from]);
        while (open.TryPop(out Flight? flight))
        {
            if (flight == to)
            {
                var path = new List<Flight>();
                for (Flight? step = flight; step is not null; step = cameFrom[step])
                {
                    path.Insert(0, step);
                }

                return path;
            }

            foreach (Flight next in flight.WaitsFor ?? [])
            {
                if (cameFrom.TryAdd(next, flight))
                {
                    open.Push(next);
                }
            }
        }

        return null;
    }

    private static InvalidOperationException Deadlock(Flight waiter, List<Flight> circle) => new(
        circle.Count == 1
            ? $"The factory for the key '{waiter.Key}' asks for its own key. It would wait for itself for ever."
            : $"The factory for the key '{waiter.Key}' asks for a key whose factory waits for it: "
                + string.Join(" waits for ", circle.Prepend(waiter).Select(static flight => $"'{flight.Key}'"))
                + ". They would wait for each other for ever.");
}
