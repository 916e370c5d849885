using BoundedCache.Engine;
using BoundedCache.TestSupport;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Logging;

namespace BoundedCache.Tests.Faults;

/// <summary>What tests of faulty user code share: a cache, its log, and the check that it is unharmed.</summary>
public abstract class FaultTest : IDisposable
{
    protected static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    protected RecordingLog Loggers { get; } = new();

    protected ManualTimeProvider Time { get; } = new();

    protected BoundedMemoryCache Cache { get; }

    protected FaultTest()
    {
        Cache = MakeCache(Loggers);
    }

    private protected BoundedMemoryCache MakeCache(ILoggerFactory loggers, long maxMemory = 1000) => new(
        new BoundedMemoryCacheOptions
        {
            MaxMemory = maxMemory,
            Sizing = EntrySizing.Declared,
            ReleaseMode = ReleaseMode.None,
            TimeProvider = Time,
            ExpirationScanFrequency = TimeSpan.FromMinutes(1),
        },
        loggers);

    public void Dispose()
    {
        CheckUnharmed();
        Cache.Dispose();
        Assert.Equal(0, Cache.UsedMemory);
        InvariantChecker.Check(Cache.Engine);
        GC.SuppressFinalize(this);
    }

    /// <summary>Compares the accounting with the cache's contents, and checks that the cache still works.</summary>
    protected void CheckUnharmed()
    {
        InvariantChecker.Check(Cache.Engine);
        Set("still works", 1);
        Assert.True(Cache.TryGetValue("still works", out object? value));
        Assert.Equal("still works", value);
        long used = Cache.UsedMemory;
        Cache.Remove("still works");
        Assert.Equal(used - 1, Cache.UsedMemory);
        InvariantChecker.Check(Cache.Engine);
    }

    protected void CheckHolds(int entries, long bytes)
    {
        InvariantChecker.Check(Cache.Engine);
        Assert.Equal(entries, Cache.Count);
        Assert.Equal(bytes, Cache.UsedMemory);
    }

    protected void Set(object key, long size = 10, Action<ICacheEntry>? more = null)
    {
        using ICacheEntry entry = Cache.CreateEntry(key);
        entry.Value = key;
        entry.Size = size;
        more?.Invoke(entry);
    }

    protected void WaitForCallbacks() => Assert.True(Cache.WaitForCallbacks(Patience), "the callbacks did not finish");

    /// <summary>Runs an action on its own thread and expects it to end.</summary>
    protected static void OnAnotherThread(Action action) =>
        Await(Task.Factory.StartNew(
            action, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default));

    /// <summary>
    /// Waits synchronously: the tested code is synchronous, and the pool must not take part.
    /// </summary>
    protected static void Await(Task task) => Assert.True(task.Wait(Patience), "the other thread is stuck");
}
