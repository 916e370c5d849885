using BoundedCache.Engine;
using BoundedCache.TestSupport;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Tests.Engine;

/// <summary>Compares the cache with <see cref="NaiveLru"/>; both get the same random operations.</summary>
public class ModelTests
{
    [Theory]
    [MemberData(nameof(Seeds), 24)]
    public void Random_operations_leave_the_same_entries_order_bytes_and_callbacks_as_the_model(int seed) =>
        new Duel(seed, keys: 40, threads: false).Run(steps: 1500, CheckEvery(seed));

    [Theory]
    [MemberData(nameof(Seeds), 24)]
    public void Random_operations_in_the_scan_resistant_order_agree_with_its_model(int seed) =>
        new Duel(seed, keys: 40, threads: false, EvictionPolicy.ScanResistant).Run(steps: 1500, CheckEvery(seed));

    [Theory]
    [MemberData(nameof(Seeds), 6)]
    public void Random_operations_on_many_entries_agree_with_the_model(int seed) =>
        new Duel(seed, keys: 6000, threads: false).Run(steps: 9000, checkEvery: 500);

    [Theory]
    [MemberData(nameof(Seeds), 2)]
    public void Random_operations_on_many_entries_in_the_scan_resistant_order_agree_with_its_model(int seed) =>
        new Duel(seed, keys: 1500, threads: false, EvictionPolicy.ScanResistant).Run(steps: 3000, checkEvery: 500);

    [Theory]
    [MemberData(nameof(Seeds), 6)]
    public void Operations_that_hop_between_threads_without_overlap_keep_the_order_exact(int seed) =>
        new Duel(seed, keys: 40, threads: true).Run(steps: 2000, CheckEvery(seed));

    /// <summary>
    /// Reading the order applies the pending touches. So some runs read it after every step, and
    /// others let touches accumulate.
    /// </summary>
    private static int CheckEvery(int seed) => seed % 2 == 0 ? 1 : 37;

    public static TheoryData<int> Seeds(int count)
    {
        var seeds = new TheoryData<int>();
        for (int i = 0; i < count; i++)
        {
            // New seeds every run, so that the tests keep searching; a failure names its seed.
            seeds.Add(i < count / 2 ? i : Random.Shared.Next());
        }

        return seeds;
    }

    /// <summary>One run: the cache, the model, and the random choices.</summary>
    private sealed class Duel
    {
        private readonly int _seed;
        private readonly int _keys;
        private readonly TurnTakers? _turns;
        private readonly Random _random;
        private readonly ManualTimeProvider _time = new();
        private readonly NaiveLru _model;
        private readonly BoundedMemoryCache _cache;
        private readonly List<(object Key, object? Value, EvictionReason Reason)> _callbacks = [];
        private readonly PostEvictionCallbackRegistration _onEvicted;
        private readonly Dictionary<EvictionReason, long> _departed = [];
        private int _nextValue;

        public Duel(
            int seed, int keys, bool threads, EvictionPolicy policy = EvictionPolicy.LeastRecentlyUsed)
        {
            (_seed, _keys, _turns, _random) = (seed, keys, threads ? new TurnTakers(4) : null, new Random(seed));
            long max = keys * 50L;
            _model = policy == EvictionPolicy.LeastRecentlyUsed
                ? new NaiveLru(max)
                : new NaiveScanResistant(max, () => Ghosts!.SmallShare);
            _cache = new BoundedMemoryCache(new BoundedMemoryCacheOptions
            {
                MaxMemory = max,
                Sizing = EntrySizing.Declared,
                EvictionPolicy = policy,
                TimeProvider = _time,
                ReleaseMode = ReleaseMode.None,
                ExpirationScanFrequency = TimeSpan.FromDays(40),
            });
            _onEvicted = new PostEvictionCallbackRegistration
            {
                EvictionCallback = (key, value, reason, _) =>
                {
                    lock (_callbacks)
                    {
                        _callbacks.Add((key, value, reason));
                    }
                },
            };
        }

        public void Run(int steps, int checkEvery)
        {
            for (int step = 0; step < steps; step++)
            {
                string what = "nothing";
                try
                {
                    if (_turns is not null)
                    {
                        _turns.Run(_random.Next(_turns.Count), () => what = Step());
                    }
                    else
                    {
                        what = Step();
                    }

                    if (step % checkEvery == 0)
                    {
                        Compare();
                    }
                }
                catch (Exception failure)
                {
                    throw new InvalidOperationException(
                        $"Seed {_seed}, step {step}, after {what}: {failure.Message}", failure);
                }
            }

            Compare();
            _cache.Dispose();
            _turns?.Dispose();
        }

        private string Step()
        {
            object key = RandomKey();
            switch (_random.Next(100))
            {
                case < 45:
                    bool expected = _model.TryGet(key, Now, out object? modelValue);
                    Assert.Equal(expected, _cache.TryGetValue(key, out object? value));
                    Assert.Equal(modelValue, value);
                    return $"get {key}";
                case < 79:
                    return Set(key);
                case < 84:
                    long size = RandomSize();
                    Assert.Equal(_model.Resize(key, size, Now), _cache.Remeasure(key, size));
                    return $"remeasure {key}, {size} bytes";
                case < 90:
                    _model.Remove(key);
                    _cache.Remove(key);
                    return $"remove {key}";
                case < 94:
                    long max = _random.Next(5) == 0 ? 1 : _random.Next(1, _keys * 100);
                    _model.SetMaxBytes(max);
                    _cache.MaxMemory = max;
                    return $"limit {max}";
                case < 97:
                    _time.Advance(TimeSpan.FromSeconds(_random.Next(1, 20)));
                    return "advance";
                case < 98:
                    double share = _random.NextDouble();
                    _model.Compact(share, Now);
                    _cache.Compact(share);
                    return $"compact {share}";
                case < 99 when _random.Next(8) == 0:
                    _model.Clear();
                    _cache.Clear();
                    return "clear";
                default:
                    _model.RemoveExpired(Now);
                    _cache.Engine.RemoveExpired(static failure => throw failure);
                    return "scan";
            }
        }

        private string Set(object key)
        {
            object value = _nextValue++;
            long size = RandomSize();
            CacheItemPriority priority = _random.Next(3) > 0
                ? CacheItemPriority.Normal
                : (CacheItemPriority)_random.Next(4);
            long absolute = _random.Next(4) == 0
                ? Now + (_random.Next(-1, 40) * TimeSpan.TicksPerSecond)
                : long.MaxValue;
            long sliding = _random.Next(5) == 0 ? _random.Next(1, 15) * TimeSpan.TicksPerSecond : 0;
            int hash = key is string text ? new StringLookup(text).Hash : new ObjectLookup(key).Hash;
            bool isReturned = Ghosts?.Contains(hash) ?? false;
            ICacheEntry entry = _cache.CreateEntry(key);
            entry.Value = value;
            entry.Size = size;
            entry.Priority = priority;
            entry.AbsoluteExpiration = absolute == long.MaxValue ? null : new DateTimeOffset(absolute, TimeSpan.Zero);
            entry.SlidingExpiration = sliding == 0 ? null : TimeSpan.FromTicks(sliding);

            // Some entries have only a value, so that slots without details are used too.
            if ((int)value % 3 != 0)
            {
                entry.PostEvictionCallbacks.Add(_onEvicted);
            }

            // The cache first: what it remembers of evicted entries is taken as given.
            entry.Dispose();
            if (_model is NaiveScanResistant scanResistant)
            {
                scanResistant.IsNextReturned = isReturned;
            }

            _model.Set(key, value, size, priority, Now, absolute, sliding);

            return $"set {key} = {value}, {size} bytes, {priority}, absolute {absolute}, sliding {sliding}";
        }

        /// <summary>Mostly small; sometimes most of the limit, and sometimes more than that.</summary>
        private long RandomSize() => _random.Next(12) == 0 ? _random.Next(0, _keys * 60) : _random.Next(0, 100);

        private object RandomKey()
        {
            int number = _random.Next(_keys);
            return (number % 4) switch
            {
                0 => number,
                1 => new Clash(number),
                _ => $"key {number}",
            };
        }

        private long Now => _time.GetUtcNow().UtcTicks;

        private GhostTable? Ghosts => (_cache.Engine.Order as ScanResistantOrder)?.Ghosts;

        private void Compare()
        {
            InvariantChecker.Check(_cache.Engine);
            Assert.Equal(_model.Count, _cache.Count);
            Assert.Equal(_model.UsedBytes, _cache.UsedMemory);
            Assert.Equal(_model.MaxBytes, _cache.MaxMemory);
            foreach (CacheItemPriority priority in Enum.GetValues<CacheItemPriority>())
            {
                Assert.Equal(_model.KeysInOrder(priority), _cache.Engine.KeysInOrder(priority));
            }

            Assert.Equal(
                _model.KeysInOrder(CacheItemPriority.Normal).Count(),
                _cache.Engine.KeysInOrder(CacheItemPriority.Normal).Count);
            Assert.Equal(_cache.Count, _cache.Keys.Distinct().Count());
            Assert.True(_cache.WaitForCallbacks(TimeSpan.FromSeconds(30)), "the callbacks did not finish");
            lock (_callbacks)
            {
                (object Key, object? Value, EvictionReason Reason)[] departures = [.. _model.TakeDepartures()];
                CompareTotals(departures);
                Assert.Equal(
                    departures.Where(static d => (int)d.Value! % 3 != 0)
                        .Select(static d => $"{d.Key} {d.Value} {d.Reason}")
                        .Order(),
                    _callbacks.Select(static d => $"{d.Key} {d.Value} {d.Reason}").Order());
                _callbacks.Clear();
            }
        }

        /// <summary>
        /// Compares the model's departures, including refused entries, with what the cache counted.
        /// </summary>
        private void CompareTotals(IEnumerable<(object Key, object? Value, EvictionReason Reason)> departures)
        {
            foreach ((_, _, EvictionReason reason) in departures)
            {
                _departed[reason] = _departed.GetValueOrDefault(reason) + 1;
            }

            CacheSnapshot snapshot = _cache.GetSnapshot();
            EvictionTotals left = snapshot.Evictions;
            Assert.Equal(
                _departed.GetValueOrDefault(EvictionReason.Capacity),
                (left.Capacity + left.Shrink + left.Compact).Entries + snapshot.RefusedTooLarge);
            Assert.Equal(
                _departed.GetValueOrDefault(EvictionReason.Expired), left.Expired.Entries + snapshot.RefusedExpired);
            Assert.Equal(_departed.GetValueOrDefault(EvictionReason.Removed), left.Removed.Entries);
            Assert.Equal(_departed.GetValueOrDefault(EvictionReason.Replaced), left.Replaced.Entries);
            Assert.Equal(_nextValue, snapshot.Insertions + snapshot.Refused);
            Assert.Equal(snapshot.Count, snapshot.Insertions - left.All.Entries);
        }
    }

    /// <summary>A key with a poor hash: eight keys share each hash.</summary>
    private sealed record Clash(int Number)
    {
        public override int GetHashCode() => Number / 32;
    }
}
