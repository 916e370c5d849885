using BoundedCache.TestSupport;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Contract.Tests;

/// <summary>
/// What the tests of the contract share: the cache under test, a clock that stands still, and a record of what
/// callbacks were told. Each derived class is one area, and has nested classes that run it on either cache, and on ours
/// under both policies.
/// </summary>
public abstract class CacheContract(CacheKind kind) : IDisposable
{
    protected static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private readonly Lock _making = new();
    private readonly List<TestedCache> _caches = [];
    private TestedCache? _tested;

    protected CacheKind Kind { get; } = kind;

    protected ManualTimeProvider Time { get; } = new();

    protected RecordingLog Log { get; } = new();

    protected Departures Departures { get; } = new();

    /// <summary>The settings of <see cref="Tested"/>: to be set before it is first asked for.</summary>
    protected CacheSetup Setup { get; set; } = new();

    /// <summary>The cache under test: one, though the first to ask for it may be several threads at once.</summary>
    protected TestedCache Tested
    {
        get
        {
            lock (_making)
            {
                return _tested ??= Make(Setup);
            }
        }
    }

    protected IMemoryCache Cache => Tested.Cache;

    protected DateTimeOffset Now => Time.GetUtcNow();

    public void Dispose()
    {
        _caches.ForEach(static cache => cache.Dispose());
        GC.SuppressFinalize(this);
    }

    protected TestedCache Make(CacheSetup setup)
    {
        TestedCache cache = TestedCache.Create(Kind, setup, Time, Log);
        _caches.Add(cache);
        return cache;
    }

    /// <summary>Stores an entry whose departure is recorded.</summary>
    protected void Set(object key, object? value, Action<ICacheEntry>? describe = null)
    {
        using ICacheEntry entry = Cache.CreateEntry(key);
        entry.Value = value;
        entry.RegisterPostEvictionCallback(Departures.Record);
        describe?.Invoke(entry);
    }

    /// <summary>The same with a size.</summary>
    protected void SetSized(object key, long size, Action<ICacheEntry>? describe = null) => Set(key, key, entry =>
    {
        entry.Size = size;
        describe?.Invoke(entry);
    });

    protected bool Has(object key) => Cache.TryGetValue(key, out _);

    /// <summary>
    /// The one mechanism by which a test says that the caches must differ: what either does, and why.
    /// </summary>
    protected T Differs<T>(Deviation why, T memoryCache, T bounded)
    {
        ArgumentNullException.ThrowIfNull(why);
        Assert.NotEqual(memoryCache, bounded);
        return Kind == CacheKind.MemoryCache ? memoryCache : bounded;
    }

    /// <summary>The type of what an action throws, or null.</summary>
    protected static Type? Thrown(Action action) => Xunit.Record.Exception(action)?.GetType();
}
