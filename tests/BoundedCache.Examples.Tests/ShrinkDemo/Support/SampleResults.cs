using BoundedCache.ShrinkDemo.CommandLine;
using BoundedCache.ShrinkDemo.Results;
using BoundedCache.ShrinkDemo.Story;

namespace BoundedCache.Examples.Tests.ShrinkDemo.Support;

/// <summary>Results with fixed figures, for everything that is made from results.</summary>
internal static class SampleResults
{
    private const long Mebibyte = 1 << 20;

    /// <summary>A run in which memory followed the limit.</summary>
    public static DemoResult BoundedCache() => Complete(new DemoResult
    {
        Setup = Setup(CacheKind.BoundedCache),
        Environment = Environment(),
        Stages =
        [
            Stage(
                1, StageKind.Start, "start", limit: 1024, entries: 0, cache: 0, live: 1, committed: 2, resident: 40,
                elapsed: 2, pause: 1),
            Stage(2, StageKind.Fill, "2,000,000 entries written", 1024, 933_688, 1024, 1100, 1260, 1300, 4521, 900),
            Stage(3, StageKind.Lower, "limit 100 MiB, nothing released", 100, 91_180, 100, 1100, 1260, 1300, 88, 0),
            Stage(4, StageKind.Release, "released", 100, 91_180, 100, 101, 102, 150, 290, 280),
            Stage(5, StageKind.Shrink, "limit 1 B, released", 0, 0, 0, 1, 2, 45, 25, 14),
            Stage(6, StageKind.Reuse, "limit 1 GiB, used again", 1024, 200_000, 221, 213, 240, 290, 320, 80),
        ],
        Access = Access(dropped: 0),
        Trace = null,
        Reports =
        [
            new ReportResult
            {
                Stage = 4,
                Text = "shrinkdemo: limit 100 MiB; evicted 0 entries (0 B) in 0 ms; RSS 1.27 GiB -> 150 MiB; Released",
                Outcome = ReleaseOutcome.Released,
                Reason = "The process's memory fell by 1.12 GiB.",
                Advice = ["<Pinned> objects hold 2 MiB."],
                EntriesEvicted = 0,
                BytesEvicted = 0,
                ReleasedBytes = 1150 * Mebibyte,
                EvictionTime = TimeSpan.Zero,
                TotalTime = TimeSpan.FromMilliseconds(290),
                GcPause = TimeSpan.FromMilliseconds(280),
                Collections = 1,
            },
        ],
        Memory = Memory(),
        Promises = [],
        PeakResidentBytes = 1310 * Mebibyte,
        Faults = [],
        Verdict = string.Empty,
        Timeline = [],
    });

    /// <summary>A run in which it did not.</summary>
    public static DemoResult MemoryCache() => Complete(BoundedCache() with
    {
        Setup = Setup(CacheKind.MemoryCache),
        Stages =
        [
            Stage(1, StageKind.Start, "start", 1024, 0, 0, 1, 2, 42, 2, 1),
            Stage(2, StageKind.Fill, "2,000,000 entries written", 1024, 973_334, 973, 1260, 1390, 1434, 6200, 1100),
            Stage(3, StageKind.Lower, "Compact to 100 MiB", 100, 100_055, 100, 1260, 1390, 1546, 1003, 9),
            Stage(4, StageKind.Release, "GC.Collect()", 100, 100_055, 100, 130, 1190, 1230, 340, 338),
            Stage(5, StageKind.Shrink, "Compact to 1 B, GC.Collect()", 0, 0, 0, 11, 1060, 1100, 86, 32),
            Stage(6, StageKind.Reuse, "used again", 1024, 200_000, 201, 245, 1070, 1110, 263, 177),
        ],
        Access = Access(dropped: 924_210),
        Reports = [],
        PeakResidentBytes = 1546 * Mebibyte,
    });

    public static ComparisonResult Comparison() => new()
    {
        BoundedCache = BoundedCache(),
        MemoryCache = MemoryCache(),
        Verdict = Verdict.Write(BoundedCache(), MemoryCache()),
    };

    /// <summary>The replay of a trace.</summary>
    public static DemoResult Trace() => BoundedCache() with
    {
        Trace = new TraceResult
        {
            File = "requests.gz",
            Requests = 3_000,
            Hits = 1_234,
            RequestedBytes = 40 * Mebibyte,
            HitBytes = 10 * Mebibyte,
        },
    };

    /// <summary>Gives a result what follows from the rest of it.</summary>
    public static DemoResult Complete(DemoResult result)
    {
        result = result with { Promises = PromiseResult.For(result.Stages), Timeline = Timeline(result.Stages) };
        return result with { Verdict = Verdict.Write(result) };
    }

    public static StageResult Stage(
        int number,
        StageKind kind,
        string label,
        long limit,
        long entries,
        long cache,
        long live,
        long committed,
        long resident,
        int elapsed,
        int pause) => new()
        {
            Number = number,
            Kind = kind,
            Label = label,
            LimitBytes = Math.Max(1, limit * Mebibyte),
            Entries = entries,
            CacheBytes = cache * Mebibyte,
            LiveBytes = live * Mebibyte,
            CommittedBytes = committed * Mebibyte,
            ResidentBytes = resident * Mebibyte,
            Elapsed = TimeSpan.FromMilliseconds(elapsed),
            GcPause = TimeSpan.FromMilliseconds(pause),
            StartedAt = TimeSpan.FromSeconds(3 * (number - 1)),
            EndedAt = TimeSpan.FromSeconds(3 * number),
        };

    private static SetupResult Setup(CacheKind cache) => new()
    {
        Cache = cache,
        Workload = "2,000,000 entries of 1 KiB",
        MaxMemoryBytes = 1024 * Mebibyte,
        ShrinkToBytes = [100 * Mebibyte, 1],
        Release = ReleaseMode.Full,
        Wait = TimeSpan.FromSeconds(2),
    };

    private static MemoryReport Memory() => new()
    {
        ResidentBytes = 290 * Mebibyte,
        HeapBytes = 250 * Mebibyte,
        IsHeapCounted = true,
        Mode = MemoryReportMode.Observe,
        Rows =
        [
            new MemoryReportRow
            {
                Kind = MemoryReportRowKind.Cache,
                Bytes = 221 * Mebibyte,
                IsEstimate = true,
                Basis = "accounted by 1 cache",
            },
            new MemoryReportRow
            {
                Kind = MemoryReportRowKind.Dead,
                Bytes = 29 * Mebibyte,
                IsEstimate = true,
                Basis = "let go by caches",
            },
            new MemoryReportRow
            {
                Kind = MemoryReportRowKind.Native,
                Bytes = 40 * Mebibyte,
                IsEstimate = false,
                Basis = "pages counted by the kernel",
                Parts = [new MemoryReportPart("stacks <of 9> threads", 40 * Mebibyte)],
            },
        ],
        Findings =
        [
            new MemoryReportFinding
            {
                Cause = MemoryReportCause.Dead,
                Bytes = 29 * Mebibyte,
                Text = "29 MiB are <dead>.",
                Advice = "Release them.",
            },
        ],
        Notes = [],
        GCPause = TimeSpan.Zero,
        Duration = TimeSpan.FromMilliseconds(12),
    };

    private static EnvironmentResult Environment() => new()
    {
        Runtime = ".NET 10.0.0",
        OperatingSystem = "Some Linux 1",
        Architecture = "x64",
        Processors = 2,
        AvailableBytes = 16L << 30,
        ServerGc = false,
        MemorySource = "/proc/self/status",
    };

    private static AccessResult Access(long dropped) =>
        new() { Writes = 2_200_000, Dropped = dropped, TooLarge = 0, Reads = 6_400, Hits = 3_200, Wrong = 0, Lost = 0 };

    private static List<MemorySample> Timeline(IReadOnlyList<StageResult> stages) =>
        [.. stages.Select(s =>
            new MemorySample(s.EndedAt, s.ResidentBytes, s.CommittedBytes, s.LiveBytes, s.CacheBytes, s.LimitBytes))];
}
