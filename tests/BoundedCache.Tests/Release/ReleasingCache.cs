using BoundedCache.Engine;
using BoundedCache.Entries;
using BoundedCache.Pacing;
using BoundedCache.Release;
using BoundedCache.Tests.Process;
using BoundedCache.TestSupport;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Logging;
using static BoundedCache.Tests.Process.FakeProcess;

namespace BoundedCache.Tests.Release;

/// <summary>
/// A real cache whose releaser and pacer work on a process of a few numbers. Its values only say how large they are.
/// </summary>
internal sealed class ReleasingCache : IDisposable
{
    /// <summary>
    /// Of tests that use one: what a release says depends on what all caches hold, and values only say that they are
    /// large. So such tests take turns.
    /// </summary>
    public const string Collection = "Fake processes";

    public ReleasingCache(
        Action<BoundedMemoryCacheOptions>? configure = null,
        ILoggerFactory? log = null,
        Action<Action>? runCollection = null,
        Func<ReleaseThresholds, ReleaseThresholds>? tune = null,
        Action<ThreadStart>? startRelease = null)
    {
        Pacer = new Pacer(Process, Time, runCollection ?? (static collect => collect()));
        var thresholds = new ReleaseThresholds
        {
            CallbackPatience = TimeSpan.FromSeconds(30),
            Finalizers = TimeSpan.FromSeconds(30),
            BackgroundPoll = TimeSpan.Zero,
            SliceInterval = TimeSpan.Zero,
            FruitlessInterval = TimeSpan.Zero,
        };
        Releaser = new MemoryReleaser(Process.Memory, tune?.Invoke(thresholds) ?? thresholds, startRelease);
        Pressure = PressureReleases.Create(Releaser, Time);
        Cache = Make(configure, log);
    }

    /// <summary>Makes a further cache in the same process.</summary>
    public BoundedMemoryCache Make(Action<BoundedMemoryCacheOptions>? configure = null, ILoggerFactory? log = null)
    {
        var options = new BoundedMemoryCacheOptions
        {
            Name = "test",
            MaxMemory = 1000 * MiB,
            PacingShare = 0,
            TimeProvider = Time,
            ExpirationScanFrequency = TimeSpan.FromMinutes(1),
        };
        options.AddSizer<Blob>(static blob => blob.Bytes);
        configure?.Invoke(options);
        return new BoundedMemoryCache(
            options, log, meterFactory: null, Releaser, Pacer, new Auditor(hasThread: false), Pressure);
    }

    public FakeProcess Process { get; } = new();

    public ManualTimeProvider Time { get; } = new();

    public Pacer Pacer { get; }

    public MemoryReleaser Releaser { get; }

    /// <summary>Nothing limits the process unless a test writes the files that say so.</summary>
    public MemoryPressure Pressure { get; }

    public BoundedMemoryCache Cache { get; }

    /// <summary>Stores a value of so many MiB, which the process has then.</summary>
    public void Set(object key, long mib, Action<ICacheEntry>? describe = null) => Set(Cache, key, mib, describe);

    /// <summary>The same in a further cache.</summary>
    public void Set(BoundedMemoryCache cache, object key, long mib, Action<ICacheEntry>? describe = null)
    {
        lock (Process)
        {
            Process.LiveBytes += mib * MiB;
        }

        using ICacheEntry entry = cache.CreateEntry(key);
        entry.Value = new Blob(mib * MiB);
        entry.RegisterPostEvictionCallback((_, value, _, _) =>
        {
            lock (Process)
            {
                Process.LiveBytes -= ((Blob)value!).Bytes;
                Process.DeadBytes += ((Blob)value!).Bytes;
            }
        });
        describe?.Invoke(entry);
    }

    /// <summary>Whether pacing works: bytes that leave some cache have the whole heap collected.</summary>
    public bool IsPaced()
    {
        long before = Pacer.Collections;
        Pacer.Open(0.01).Report(20 * MiB, 0, 1000 * MiB);
        return Pacer.Collections > before;
    }

    public void Dispose()
    {
        InvariantChecker.Check(Cache.Engine);
        Cache.Dispose();
    }

    private sealed record Blob(long Bytes);
}
