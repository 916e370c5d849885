using BoundedCache.Engine;
using BoundedCache.TestSupport;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Tests.Engine;

/// <summary>An engine and <see cref="NaiveLru"/>, both given the same operations.</summary>
internal sealed class EngineAndModel
{
    private readonly List<(object Key, EvictionReason Reason)> _removed = [];
    private readonly HashSet<object> _withDetails = [];
    private int _nextValue;

    public EngineAndModel(long maxBytes)
    {
        Model = new NaiveLru(maxBytes);
        Engine = new CacheEngine(
            maxBytes, Time, removed => _removed.AddRange(removed.Select(static entry => (entry.Key, entry.Reason))));
    }

    public ManualTimeProvider Time { get; } = new();

    public NaiveLru Model { get; }

    public CacheEngine Engine { get; }

    private long Now => Time.GetUtcNow().UtcTicks;

    /// <summary>Stores entries with keys from <paramref name="first"/> on, each with a charge of one byte.</summary>
    public void Fill(int first, int count)
    {
        for (int i = first; i < first + count; i++)
        {
            Set($"key {i}");
        }
    }

    /// <summary>Stores an entry. Keys that are not strings have an Equals of their own.</summary>
    /// <param name="key">The key.</param>
    /// <param name="charge">Bytes charged.</param>
    /// <param name="priority">The priority.</param>
    /// <param name="seconds">Seconds until the entry expires; 0 for never.</param>
    /// <param name="slidingSeconds">Seconds without a use until it expires; 0 for never.</param>
    /// <param name="hasDetails">Whether the removal of the entry is reported.</param>
    /// <returns>Whether it was stored.</returns>
    public bool Set(
        object key,
        long charge = 1,
        CacheItemPriority priority = CacheItemPriority.Normal,
        int seconds = 0,
        int slidingSeconds = 0,
        bool hasDetails = false)
    {
        object value = _nextValue++;
        long absolute = seconds == 0 ? long.MaxValue : Now + (seconds * TimeSpan.TicksPerSecond);
        long sliding = slidingSeconds * TimeSpan.TicksPerSecond;
        EntryDetails? details = !hasDetails && sliding == 0 ? null : new EntryDetails
        {
            Value = value,
            Callbacks = [],
            Tokens = [],
            AbsoluteExpirationTicks = absolute,
            SlidingTicks = sliding,
            LastAccessTicks = Now,
        };
        var entry = new NewEntry
        {
            Key = key,
            Value = value,
            Details = details,
            Priority = priority,
            Charge = charge,
            Deadline = details?.Deadline ?? absolute,
        };
        int departuresBefore = _removed.Count;
        bool stored = key is string text
            ? Engine.Set(new StringLookup(text), in entry, out _)
            : Engine.Set(new ObjectLookup(key), in entry, out _);
        Model.Set(key, value, charge, priority, Now, absolute, sliding);
        Assert.Equal(charge <= Model.MaxBytes, stored);
        CompareDepartures(departuresBefore, stored ? null : key);
        if (details is null)
        {
            _withDetails.Remove(key);
        }
        else
        {
            _withDetails.Add(key);
        }

        return stored;
    }

    public void Get(object key)
    {
        bool found = key is string text
            ? Engine.TryGet(new StringLookup(text), out object? value)
            : Engine.TryGet(new ObjectLookup(key), out value);
        Assert.Equal(Model.TryGet(key, Now, out object? expected), found);
        Assert.Equal(expected, value);
    }

    public void Remove(object key)
    {
        Model.Remove(key);
        _ = key is string text ? Engine.Remove(new StringLookup(text)) : Engine.Remove(new ObjectLookup(key));
    }

    public StoredEntry Peek(object key)
    {
        Assert.True(
            key is string text
                ? Engine.TryPeek(new StringLookup(text), out StoredEntry entry)
                : Engine.TryPeek(new ObjectLookup(key), out entry),
            $"{key} is not found");
        return entry;
    }

    /// <summary>Compares everything, which applies the pending touches.</summary>
    public void Compare()
    {
        InvariantChecker.Check(Engine);
        Assert.Equal((Model.Count, Model.UsedBytes), (Engine.Count, Engine.UsedBytes));
        foreach (CacheItemPriority priority in Enum.GetValues<CacheItemPriority>())
        {
            List<object> keys = Engine.KeysInOrder(priority);
            Assert.Equal(Model.KeysInOrder(priority), keys);
        }

        Assert.Equal(Model.Count, Engine.SnapshotKeys().Distinct().Count());
    }

    /// <summary>Compares the values too, which counts as a use of every entry.</summary>
    public void CompareValues()
    {
        foreach (object key in Enum.GetValues<CacheItemPriority>().SelectMany(Model.KeysInOrder).ToList())
        {
            Get(key);
        }
    }

    private void CompareDepartures(int from, object? refused)
    {
        IEnumerable<string> expected = Model.TakeDepartures()
            .Where(departure => _withDetails.Contains(departure.Key) && departure.Reason != EvictionReason.Removed
                && !(departure.Key.Equals(refused) && departure.Reason == EvictionReason.Capacity))
            .Select(static departure => $"{departure.Key} {departure.Reason}");
        Assert.Equal(
            expected.Order(),
            _removed.Skip(from).Select(static removed => $"{removed.Key} {removed.Reason}").Order());
    }
}
