using System.Diagnostics.Metrics;
using BoundedCache.Engine;
using BoundedCache.Entries;
using BoundedCache.Pacing;
using BoundedCache.Release;
using BoundedCache.TestSupport;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Logging;

namespace BoundedCache.Tests;

/// <summary>
/// A cache with a clock that stands still and a record of its callbacks' arguments. Its invariants are checked at the
/// end. Values are measured again only when a test asks for a lap.
/// </summary>
internal sealed class CacheUnderTest : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    private readonly List<(object Key, object? Value, EvictionReason Reason)> _departures = [];

    public CacheUnderTest(
        Action<BoundedMemoryCacheOptions>? configure = null, ILoggerFactory? log = null, IMeterFactory? meters = null)
    {
        var options = new BoundedMemoryCacheOptions
        {
            Name = "test",
            MaxMemory = 1_000_000,
            ReleaseMode = ReleaseMode.None,
            TimeProvider = Time,
            ExpirationScanFrequency = TimeSpan.FromHours(1),
        };
        configure?.Invoke(options);
        Cache = new BoundedMemoryCache(
            options, log, meters, MemoryReleaser.Shared, Pacer.Shared, new Auditor(hasThread: false));
    }

    public ManualTimeProvider Time { get; } = new();

    public BoundedMemoryCache Cache { get; }

    /// <summary>A cache with a maximum number of entries, each of which declares a size of one.</summary>
    public static CacheUnderTest OfEntries(long max) =>
        new(options => (options.MaxMemory, options.Sizing) = (max, EntrySizing.Declared));

    /// <summary>Stores an entry of size one whose removal is recorded.</summary>
    public void Set(object key, object? value, Action<ICacheEntry>? describe = null)
    {
        using ICacheEntry entry = Cache.CreateEntry(key);
        entry.Value = value;
        entry.Size = 1;
        entry.RegisterPostEvictionCallback((k, v, reason, _) =>
        {
            lock (_departures)
            {
                _departures.Add((k, v, reason));
                Monitor.PulseAll(_departures);
            }
        });
        describe?.Invoke(entry);
    }

    public bool Has(object key) => Cache.TryGetValue(key, out _);

    /// <summary>The removals since the last call, once all callbacks have run, in the order of keys.</summary>
    /// <param name="awaited">
    /// How many removals to wait for, if another thread removes entries: a token's thread does, and may not have
    /// reached the callback yet.
    /// </param>
    public (object Key, object? Value, EvictionReason Reason)[] TakeDepartures(int awaited = 0)
    {
        lock (_departures)
        {
            while (_departures.Count < awaited && Monitor.Wait(_departures, s_patience))
            {
            }
        }

        Assert.True(Cache.WaitForCallbacks(s_patience), "the callbacks did not finish");
        lock (_departures)
        {
            (object Key, object? Value, EvictionReason Reason)[] taken =
                [.. _departures.OrderBy(static d => d.Key.ToString(), StringComparer.Ordinal)];
            _departures.Clear();
            return taken;
        }
    }

    public void Dispose()
    {
        InvariantChecker.Check(Cache.Engine);
        Cache.Dispose();
        InvariantChecker.Check(Cache.Engine);
    }
}
