using BoundedCache.Engine;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Tests.Concurrency;

/// <summary>
/// A cache under test and the record of all that was stored in it. Each key is written by one thread only, with rising
/// versions. Two of three values have an eviction callback, which is counted.
/// </summary>
internal sealed class Population
{
    /// <summary>
    /// Waiting callbacks at which writers pause: many threads would otherwise outrun the thread pool by gigabytes.
    /// </summary>
    private const int CallbackLead = 50_000;

    private readonly object[] _keys;
    private readonly long[] _versions;
    private readonly List<Stamped>[] _stored;
    private readonly PostEvictionCallbackRegistration _onEvicted;
    private long _tracked;
    private long _departed;

    public Population(BoundedMemoryCache cache, KeyKind kind, int count, int writers)
    {
        Cache = cache;
        Kind = kind;
        Count = count;
        _keys = Keys.MakeMany(kind, count);
        _versions = new long[count];
        _stored = [.. Enumerable.Range(0, writers).Select(static _ => new List<Stamped>())];
        _onEvicted = new PostEvictionCallbackRegistration { EvictionCallback = OnEvicted };
    }

    public BoundedMemoryCache Cache { get; }

    public KeyKind Kind { get; }

    public int Count { get; }

    /// <summary>Stores the next version of one of the writer's own keys.</summary>
    public void Write(int writer, Random random, Action<ICacheEntry, Stamped>? more = null)
    {
        int number = OwnKey(writer, random);
        using ICacheEntry entry = Cache.CreateEntry(_keys[number]);
        entry.Value = Fill(writer, number, entry, random, more);
    }

    /// <summary>Finds one of the writer's own keys, or stores its next version.</summary>
    public void GetOrCreate(int writer, Random random, Action<ICacheEntry, Stamped>? more = null)
    {
        int number = OwnKey(writer, random);
        Stamped? value = Cache.GetOrCreate(_keys[number], entry => Fill(writer, number, entry, random, more));
        Assert.Equal(number, value!.Number);
        Assert.True(value.Version <= _versions[number], $"{value} was never stored");
    }

    public void Remove(Random random) => Cache.Remove(_keys[random.Next(Count)]);

    /// <summary>Gives some key's entry, if it exists, another size.</summary>
    public void Remeasure(Random random) =>
        Cache.Remeasure(
            Keys.Make(Kind, random.Next(Count)), random.Next(20) == 0 ? random.Next(1, 20_000) : random.Next(1, 100));

    /// <summary>A reader's step: looks some key up by an equal but different object.</summary>
    /// <param name="random">Chooses the key.</param>
    /// <param name="seen">The versions that this reader saw, by key.</param>
    public Stamped? Read(Random random, long[] seen)
    {
        int number = random.Next(Count);
        object? found;
        bool hit = Kind == KeyKind.Strings && random.Next(2) == 0
            ? Cache.TryGetValue($"key {number}".AsSpan(), out found)
            : Cache.TryGetValue(Keys.Make(Kind, number), out found);
        if (!hit)
        {
            Assert.Null(found);
            return null;
        }

        Stamped value = Assert.IsType<Stamped>(found);
        Assert.True(value.Number == number, $"the key {number} answered {value}");
        Assert.True(
            value.Version >= seen[number], $"the key {number} answered version {value.Version} after {seen[number]}");
        seen[number] = value.Version;
        return value;
    }

    /// <summary>
    /// The checks after all threads have ended: every tracked value is in the cache, or was reported as removed once,
    /// with a reason; the engine's invariants hold; and a cleared cache uses no memory.
    /// </summary>
    public void CheckAtEnd()
    {
        WaitForCallbacks();
        InvariantChecker.Check(Cache.Engine);
        int present = CheckFates();
        Assert.True(present <= Cache.Count, $"{present} values were found in a cache of {Cache.Count}");

        Cache.Clear();
        Assert.Equal(0, Cache.UsedMemory);
        Assert.Equal(0, Cache.Count);
        WaitForCallbacks();
        InvariantChecker.Check(Cache.Engine);
        Assert.Equal(0, CheckFates());
        Assert.Equal(Interlocked.Read(ref _tracked), Interlocked.Read(ref _departed));
    }

    /// <summary>
    /// Checks the invariants while no thread runs, and forgets the values that have left, so that the record of what
    /// was stored does not grow for as long as the cache lives.
    /// </summary>
    public void CheckInPause()
    {
        WaitForCallbacks();
        InvariantChecker.Check(Cache.Engine);
        foreach (List<Stamped> stored in _stored)
        {
            Assert.DoesNotContain(stored, static value => value.Departures > 1);
            stored.RemoveAll(static value => value.Departures == 1);
        }
    }

    private int CheckFates()
    {
        // Two things may still go on: a scan holds the lock, so that a look-up leaves an expired entry where it is; and
        // it has taken entries out whose callbacks it has not queued yet.
        Dictionary<int, Stamped> present = FindAll();
        Assert.True(
            SpinWait.SpinUntil(() => IsSettled(present = FindAll()), TimeSpan.FromMinutes(1)),
            $"{present.Count} values were found in a cache of {Cache.Count}, "
            + $"and {Interlocked.Read(ref _departed)} of {Interlocked.Read(ref _tracked)} callbacks came");

        int count = 0;
        foreach (Stamped value in _stored.SelectMany(static stored => stored))
        {
            bool isPresent = present.TryGetValue(value.Number, out Stamped? found) && ReferenceEquals(found, value);
            count += isPresent ? 1 : 0;
            Assert.True(
                value.Departures == (isPresent ? 0 : 1),
                $"{(isPresent ? "in the cache" : "not in the cache")}: {value}");
            Assert.True(
                isPresent == (value.Reason == EvictionReason.None),
                $"{(isPresent ? "in the cache" : "not in the cache")}: {value}");
        }

        return count;
    }

    private bool IsSettled(Dictionary<int, Stamped> present)
    {
        WaitForCallbacks();
        return present.Count == Cache.Count
            && present.Values.Count(IsTracked) == Interlocked.Read(ref _tracked) - Interlocked.Read(ref _departed);
    }

    private Dictionary<int, Stamped> FindAll()
    {
        var present = new Dictionary<int, Stamped>();
        foreach (object key in Cache.Keys)
        {
            if (Cache.TryGetValue(key, out object? found) && found is Stamped value)
            {
                present.Add(value.Number, value);
            }
        }

        return present;
    }

    private void WaitForCallbacks() =>
        Assert.True(Cache.WaitForCallbacks(TimeSpan.FromMinutes(1)), "the callbacks did not finish");

    private int OwnKey(int writer, Random random)
    {
        while (Interlocked.Read(ref _tracked) - Interlocked.Read(ref _departed) - Cache.Count > CallbackLead)
        {
            Thread.Yield();
        }

        return (random.Next(Count / _stored.Length) * _stored.Length) + writer;
    }

    private Stamped Fill(int writer, int number, ICacheEntry entry, Random random, Action<ICacheEntry, Stamped>? more)
    {
        var value = new Stamped(number, ++_versions[number]);
        entry.Size = random.Next(20) == 0 ? random.Next(1, 20_000) : random.Next(1, 100);
        if (IsTracked(value))
        {
            entry.PostEvictionCallbacks.Add(_onEvicted);
            _stored[writer].Add(value);
            Interlocked.Increment(ref _tracked);
        }

        more?.Invoke(entry, value);
        return value;
    }

    private static bool IsTracked(Stamped value) => value.Version % 3 != 0;

    private void OnEvicted(object key, object? value, EvictionReason reason, object? state)
    {
        ((Stamped)value!).Depart(reason);
        Interlocked.Increment(ref _departed);
    }
}
