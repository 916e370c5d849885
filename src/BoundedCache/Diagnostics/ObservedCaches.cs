using System.Diagnostics.Metrics;

namespace BoundedCache.Diagnostics;

/// <summary>A cache of this library, as the metrics see it.</summary>
internal interface IObservedCache : IBoundedCache
{
    /// <summary>Counts lookups from now on, if they are not counted yet.</summary>
    void CountLookups();
}

/// <summary>
/// The live caches of one meter, held weakly, by name. Caches that share a name share their series:
/// their numbers are added up.
/// </summary>
/// <remarks>
/// <para>
/// Two measurements with the same tags in one collection are an error that is not reported: a collector keeps one of
/// them. A sum is correct for all caches of a name. Counters do not fall when one of several caches with a name is
/// gone; the series ends with the last one.
/// </para>
/// <para>
/// Lock: <c>_lock</c> guards all members. Engines' locks are taken under it, never the other way round. No user code
/// runs under it.
/// </para>
/// </remarks>
internal sealed class ObservedCaches
{
    private const int FirstSweep = 16;

    private static readonly int s_numbers = ObservedInstruments.All.Sum(static instrument => instrument.Length);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Group> _groups = new(StringComparer.Ordinal);
    private int _count;
    private int _nextSweep = FirstSweep;

    /// <summary>The number of records, including those of collected caches that were not noticed yet.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _count;
            }
        }
    }

    /// <summary>Adds a cache.</summary>
    /// <param name="cache">The cache; held weakly.</param>
    /// <param name="sharesName">Whether another live cache has its name.</param>
    public ObservedCache Add(IObservedCache cache, out bool sharesName)
    {
        var added = new ObservedCache(cache, s_numbers);
        lock (_lock)
        {
            // If no metrics are collected, only this notices collected caches. It runs when their number may have
            // doubled, so it costs a few checks per cache.
            if (_count >= _nextSweep)
            {
                Sweep();
                _nextSweep = Math.Max(FirstSweep, 2 * _count);
            }

            if (!_groups.TryGetValue(cache.Name, out Group? group))
            {
                _groups.Add(cache.Name, group = new Group());
            }

            sharesName = group.Caches.Exists(static other => other.Cache is not null);
            group.Caches.Add(added);
            _count++;
        }

        return added;
    }

    /// <summary>Removes a cache, once, and keeps its last numbers.</summary>
    public void Remove(ObservedCache removed)
    {
        lock (_lock)
        {
            if (!_groups.TryGetValue(removed.Name, out Group? group) || !group.Caches.Contains(removed))
            {
                return;
            }

            // Before the first change: it takes the cache's lock, and may be interrupted there.
            int offset = 0;
            foreach (ObservedInstrument instrument in ObservedInstruments.All)
            {
                Read(removed, instrument, offset);
                offset += instrument.Length;
            }

            group.Caches.Remove(removed);
            group.Retire(removed);
            _count--;
            if (group.Caches.Count == 0)
            {
                _groups.Remove(removed.Name);
            }
        }
    }

    /// <summary>One measurement for each name of a live cache and each value of the instrument's tag.</summary>
    public List<Measurement<long>> Observe(ObservedInstrument instrument, int offset)
    {
        var measurements = new List<Measurement<long>>();
        Span<long> sums = stackalloc long[instrument.Length];
        lock (_lock)
        {
            Sweep();
            foreach ((string name, Group group) in _groups)
            {
                sums.Clear();
                if (instrument.OnlyRises)
                {
                    Add(group.Retired.AsSpan(offset, sums.Length), sums);
                }

                foreach (ObservedCache cache in group.Caches)
                {
                    Read(cache, instrument, offset);
                    Add(cache.Numbers.AsSpan(offset, sums.Length), sums);
                }

                for (int i = 0; i < sums.Length; i++)
                {
                    measurements.Add(new Measurement<long>(sums[i], Tags(name, instrument, i)));
                }
            }
        }

        return measurements;
    }

    private static KeyValuePair<string, object?>[] Tags(string name, ObservedInstrument instrument, int number) =>
        instrument.TagKey is null
            ? [new(CacheInstruments.NameTag, name)]
            : [new(CacheInstruments.NameTag, name), new(instrument.TagKey, instrument.TagValues[number])];

    private static void Read(ObservedCache observed, ObservedInstrument instrument, int offset)
    {
        if (observed.Cache is { } cache)
        {
            instrument.Read(cache, observed.Numbers.AsSpan(offset, instrument.Length));
        }
    }

    /// <summary>Adds numbers to sums, which stop at the largest number: limits often have that value.</summary>
    private static void Add(ReadOnlySpan<long> numbers, Span<long> sums)
    {
        for (int i = 0; i < sums.Length; i++)
        {
            sums[i] = numbers[i] > long.MaxValue - sums[i] ? long.MaxValue : sums[i] + numbers[i];
        }
    }

    /// <summary>Drops caches that were collected.</summary>
    private void Sweep()
    {
        foreach ((string name, Group group) in _groups)
        {
            for (int i = group.Caches.Count - 1; i >= 0; i--)
            {
                if (group.Caches[i].Cache is null)
                {
                    group.Retire(group.Caches[i]);
                    group.Caches.RemoveAt(i);
                    _count--;
                }
            }

            if (group.Caches.Count == 0)
            {
                _groups.Remove(name);
            }
        }
    }

    /// <summary>The caches of one name, and the counts of those that are gone while others live.</summary>
    private sealed class Group
    {
        public List<ObservedCache> Caches { get; } = [];

        public long[] Retired { get; } = new long[s_numbers];

        public void Retire(ObservedCache gone) => Add(gone.Numbers, Retired);
    }
}

/// <summary>A cache as a meter knows it: held weakly, with the numbers that were last read from it.</summary>
internal sealed class ObservedCache(IObservedCache cache, int numbers)
{
    private readonly WeakReference<IObservedCache> _cache = new(cache);

    public string Name { get; } = cache.Name;

    /// <summary>
    /// The numbers of all instruments as last read. They stay when the cache was collected, so that the counters of
    /// others with its name do not fall. Guarded by the lock of <see cref="ObservedCaches"/>.
    /// </summary>
    public long[] Numbers { get; } = new long[numbers];

    public IObservedCache? Cache => _cache.TryGetTarget(out IObservedCache? cache) ? cache : null;
}
