using System.Diagnostics;
using BoundedCache.TestSupport;

namespace BoundedCache.MemoryScenarios.Scenarios.Cache;

/// <summary>
/// A cache of 400 MB is lowered to 40 MB without a release, and the process then does nothing for an hour of its clock.
/// </summary>
internal sealed class IdleProcess : Scenario
{
    private const long FullBytes = 400_000_000;
    private const long ShrunkBytes = 40_000_000;

    private static readonly TimeSpan s_hour = TimeSpan.FromHours(1);
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(2);

    public override ScenarioResult Run(ProcessMemorySnapshot empty)
    {
        var time = new ManualTimeProvider();
        using var log = new EventLog("IdleReleased");
        var options = new BoundedMemoryCacheOptions
        {
            Name = "idle",
            MaxMemory = FullBytes,
            ReleaseMode = ReleaseMode.None,
            TimeProvider = time,
            IdleReleaseInterval = TimeSpan.FromMinutes(6),
        };
        using var cache = new BoundedMemoryCache(options, log);
        for (int i = 0; i == cache.Count; i++)
        {
            cache.Set(i, new byte[1024]);
        }

        // What pacing began while the cache was filled may end later, in the middle of an hour that here takes no time,
        // and find all alive that is let go below.
        GC.Collect();

        // The watch has seen the process at work.
        time.Advance(TimeSpan.FromMinutes(1));
        cache.MaxMemory = ShrunkBytes;
        ProcessMemorySnapshot before = ProcessMemorySnapshot.Take();
        long bound = ScenarioResult.Anonymous(empty) + (long)(1.10 * ShrunkBytes) + 10_000_000;
        long started = Stopwatch.GetTimestamp();
        for (TimeSpan passed = default; passed < s_hour; passed += TimeSpan.FromMinutes(1))
        {
            time.Advance(TimeSpan.FromMinutes(1));
        }

        // The release itself takes real seconds, and is logged when it is over.
        while ((log.Lines.IsEmpty || ScenarioResult.Anonymous(ProcessMemorySnapshot.Take()) > bound)
            && Stopwatch.GetElapsedTime(started) < s_patience)
        {
            Thread.Sleep(50);
        }

        return new ScenarioResult
        {
            EmptyBytes = ScenarioResult.Anonymous(empty),
            BeforeBytes = ScenarioResult.Anonymous(before),
            AfterBytes = ScenarioResult.Anonymous(ProcessMemorySnapshot.Take()),
            LiveBytes = ShrunkBytes,
            Advice = [.. log.Lines],
        };
    }
}
