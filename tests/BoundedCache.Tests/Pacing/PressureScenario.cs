using System.Globalization;
using BoundedCache.Pacing;
using BoundedCache.Tests.Process;
using BoundedCache.TestSupport;

namespace BoundedCache.Tests.Pacing;

/// <summary>
/// A process in a container: fake caches whose entries are real bytes of it, other memory that a test moves, a fake
/// clock. Time goes on by half seconds, and all invariants are checked at each.
/// </summary>
internal sealed class PressureScenario
{
    public const long MiB = 1024 * 1024;

    private const string Group = "/sys/fs/cgroup/app";

    private readonly List<TimeSpan> _changes = [];
    private readonly Queue<(TimeSpan At, Action Done)> _held = [];
    private readonly long[] _lastLimits;
    private readonly long _emptyBytes;
    private TimeSpan _now;

    public PressureScenario(long limitBytes, params FakeYieldingCache[] caches)
    {
        Caches = caches;
        LimitBytes = limitBytes;
        _lastLimits = [.. caches.Select(static cache => cache.MaxMemory)];
        Pressure = new MemoryPressure(Process.Memory, Time, Run, (release, done) =>
        {
            Releases.Add(release);
            _held.Enqueue((_now + TimeSpan.FromSeconds(ReleaseSeconds), done));
            EndReleases();
        });
        _emptyBytes = 40 * MiB;
        Process.LiveBytes = 0;
        Process.NativeBytes = 0;
        foreach (FakeYieldingCache cache in caches)
        {
            cache.Member = Pressure.Join(cache);
        }

        Write();
    }

    public FakeProcess Process { get; } = new();

    public ManualTimeProvider Time { get; } = new();

    public MemoryPressure Pressure { get; }

    public FakeYieldingCache[] Caches { get; }

    public List<PressureRelease> Releases { get; } = [];

    /// <summary>How long a release takes.</summary>
    public double ReleaseSeconds { get; set; }

    /// <summary>What collects the heap for a release; null for a blocking collection.</summary>
    public Action? Collects { get; set; }

    /// <summary>How often no thread can be started from now on.</summary>
    public int FailingRuns { get; set; }

    /// <summary>What starting a thread then throws.</summary>
    public Exception RunFailure { get; set; } = new InsufficientMemoryException();

    /// <summary>The file that cannot be read now; null for none.</summary>
    public string? HiddenFile { get; set; }

    /// <summary>The container's limit.</summary>
    public long LimitBytes { get; set; }

    /// <summary>What others in the container use.</summary>
    public long OtherBytes { get; set; }

    /// <summary>The pages of files that the kernel may drop.</summary>
    public long InactiveFileBytes { get; set; }

    /// <summary>Whether what is evicted stays alive, because something else refers to it.</summary>
    public bool IsLeaking { get; set; }

    /// <summary>Bytes a second that come into each cache that is not full.</summary>
    public long FillPerSecond { get; set; } = 50 * MiB;

    public long UsedBytes =>
        _emptyBytes + OtherBytes + Process.LiveBytes + Process.DeadBytes + Process.NativeBytes + InactiveFileBytes;

    public long LeastRoom { get; private set; } = long.MaxValue;

    public int Changes => _changes.Count;

    /// <summary>The most changes of a cache's limit in any minute.</summary>
    public int MostPerMinute => _changes.Count == 0
        ? 0
        : _changes.Max(from => _changes.Count(at => at >= from && at < from + TimeSpan.FromMinutes(1)));

    public bool IsBack => Caches.All(static cache =>
        cache.Effective == cache.MaxMemory && cache.Member.Pressure is null);

    /// <summary>Lets time go on, with what a test does every half second.</summary>
    public void Run(double seconds, Action<double>? each = null)
    {
        for (double at = 0; at < seconds; at += 0.5)
        {
            each?.Invoke(at);
            foreach (FakeYieldingCache cache in Caches)
            {
                long came = cache.Fill(FillPerSecond / 2);
                Process.LiveBytes += cache.IsNative ? 0 : came;
                Process.NativeBytes += cache.IsNative ? came : 0;
                Write();
                cache.Member.Report(cache.CameBytes);
            }

            Write();
            Time.Advance(TimeSpan.FromSeconds(0.5));
            _now += TimeSpan.FromSeconds(0.5);
            EndReleases();
            Write();
            Check();
        }
    }

    /// <summary>The text of the container's files, as they stand.</summary>
    public void Write()
    {
        foreach (FakeYieldingCache cache in Caches)
        {
            long evicted = cache.TakeEvicted();
            if (cache.IsNative)
            {
                Process.NativeBytes -= evicted;
                continue;
            }

            Process.LiveBytes -= IsLeaking ? 0 : evicted;
            Process.DeadBytes += IsLeaking ? 0 : evicted;
        }

        Process.Files["/proc/self/cgroup"] = "0::/app\n";
        Process.Files[$"{Group}/memory.max"] = Text(LimitBytes);
        Process.Files[$"{Group}/memory.current"] = Text(UsedBytes);
        Process.Files[$"{Group}/memory.stat"] = $"anon 1\ninactive_file {Text(InactiveFileBytes)}active_file 1\n";
        if (HiddenFile is not null)
        {
            Assert.True(Process.Files.Remove(HiddenFile), HiddenFile);
        }
    }

    private void Run(Action work)
    {
        if (FailingRuns-- > 0)
        {
            throw RunFailure;
        }

        try
        {
            work();
        }
        catch (InvalidTimeZoneException)
        {
            // As a task would, for nobody waits for it.
        }
    }

    private void EndReleases()
    {
        while (_held.TryPeek(out (TimeSpan At, Action Done) held) && held.At <= _now)
        {
            _held.Dequeue();
            Write();
            (Collects ?? Process.CollectAggressively)();
            Write();
            held.Done();
        }
    }

    private void Check()
    {
        LeastRoom = Math.Min(LeastRoom, LimitBytes - UsedBytes + InactiveFileBytes);
        for (int i = 0; i < Caches.Length; i++)
        {
            FakeYieldingCache cache = Caches[i];
            Assert.InRange(cache.Effective, cache.MinMemory, cache.MaxMemory);
            Assert.Equal(cache.Effective, cache.Member.EffectiveBytes);
            if (i == 0 && cache.Effective != _lastLimits[i])
            {
                _changes.Add(_now);
            }

            _lastLimits[i] = cache.Effective;
        }
    }

    private static string Text(long bytes) => bytes.ToString(CultureInfo.InvariantCulture) + "\n";
}

/// <summary>A cache of a few numbers.</summary>
internal sealed class FakeYieldingCache(long maxBytes, long? minBytes = null) : IYieldingCache
{
    private long _cap = long.MaxValue;
    private long _nearLimit = long.MaxValue;
    private long _evicted;

    public PressureMember Member { get; set; } = null!;

    public long MaxMemory { get; set; } = maxBytes;

    public long MinMemory => MinMemoryUnder(_nearLimit);

    public long UsedMemory { get; set; }

    public long CameBytes { get; private set; }

    public long CreditedBytes { get; private set; }

    public bool IsNative { get; init; }

    public bool YieldsToMachine { get; init; }

    public double Reserve { get; init; } = 0.12;

    /// <summary>What it was told. It does not hold to <see cref="MinMemory"/> by itself: that is to be seen.</summary>
    public long Effective => Math.Min(MaxMemory, _cap);

    public List<PressureEvent> Events { get; } = [];

    public long MinMemoryUnder(long limitBytes) =>
        Math.Clamp(minBytes ?? (Math.Min(MaxMemory, limitBytes) / 8), 1, MaxMemory);

    public void SetCap(long capBytes, long limitBytes) => (_cap, _nearLimit) = (capBytes, limitBytes);

    /// <summary>How often evicting fails from now on.</summary>
    public int FailingEvictions { get; set; }

    /// <summary>What it then throws.</summary>
    public Exception EvictionFailure { get; init; } = new InsufficientMemoryException();

    public long EvictDownToLimit()
    {
        if (FailingEvictions-- > 0)
        {
            throw EvictionFailure;
        }

        long bytes = Math.Max(0, UsedMemory - Effective);
        UsedMemory -= bytes;
        CreditedBytes += IsNative ? 0 : bytes;
        _evicted += bytes;
        return bytes;
    }

    public long Fill(long bytes)
    {
        long came = Math.Clamp(Effective - UsedMemory, 0, bytes);
        UsedMemory += came;
        CameBytes += came;
        return came;
    }

    public long TakeEvicted()
    {
        long evicted = _evicted;
        _evicted = 0;
        return evicted;
    }

    public void OnPressure(PressureEvent change, CachePressure pressure) => Events.Add(change);
}
