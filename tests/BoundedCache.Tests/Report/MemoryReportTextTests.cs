using BoundedCache.Process;
using BoundedCache.Report;
using BoundedCache.TestSupport;

namespace BoundedCache.Tests.Report;

/// <summary>The whole text of reports, from which each row's figure, mark and origin is read.</summary>
public sealed class MemoryReportTextTests
{
    private const long MiB = 1024 * 1024;

    private static readonly AddressSpace s_space = new()
    {
        ResidentBytes = 1000 * MiB,
        HeapBytes = 600 * MiB,
        FileBytes = 50 * MiB,
        SharedBytes = 11 * MiB,
        AllocatorBytes = 120 * MiB,
        Arenas = 3,
        StackBytes = 13 * MiB,
        WrittenFileBytes = 7 * MiB,
        OtherBytes = 199 * MiB,
        HugePageBytes = 0,
        LargestFile = "/data/largest",
        LargestFileBytes = 1,
    };

    private static readonly MemoryBreakdown s_counted = new()
    {
        ResidentBytes = 1000 * MiB,
        HeapBytes = 600 * MiB,
        CacheBytes = 500 * MiB,
        OtherLiveBytes = 40 * MiB,
        DeadBytes = 30 * MiB,
        FragmentedBytes = 20 * MiB,
        UnusedBytes = 10 * MiB,
        NativeBytes = 350 * MiB,
        FileBytes = 50 * MiB,
        Space = s_space,
        Threads = 12,
        IsLiveMeasured = true,
    };

    [Fact]
    public void A_process_whose_pages_the_kernel_counts_after_a_collection()
    {
        MemoryReport report = Report(s_counted, new CacheShare { Bytes = 500 * MiB, Counted = 2 });

        Snapshot.Verify(report.ToText());
    }

    [Fact]
    public void The_C_library_tells_what_it_keeps_and_byte_caches_have_a_part()
    {
        MemoryReport report = Report(
            s_counted with { NativeHeap = new NativeHeapReading(80 * MiB, 40 * MiB), ByteCacheBytes = 100 * MiB },
            new CacheShare { Bytes = 500 * MiB, Counted = 1, Declared = 1 });

        Snapshot.Verify(report.ToText());
    }

    [Fact]
    public void Another_allocator_and_caches_that_yield_and_entries_that_are_not_finished()
    {
        MemoryReport report = Report(
            s_counted with
            {
                ForeignAllocator = "jemalloc",
                Threads = 0,
                IsLiveMeasured = false,
                UnfinishedEntries = 1,
                Pressures = [Pressure(3), Pressure(5)],
            },
            new CacheShare { Bytes = 500 * MiB, Counted = 2, Declared = 2 });

        Snapshot.Verify(report.ToText());
    }

    [Fact]
    public void Where_the_kernel_tells_nothing_the_figures_are_the_collectors()
    {
        MemoryReport report = Report(
            s_counted with { Space = null, CacheBytes = 0, UnfinishedEntries = 2, Pressures = [Pressure(3)] },
            new CacheShare(),
            isHeapCounted: false);

        Snapshot.Verify(report.ToText());
    }

    [Fact]
    public void Where_nobody_tells_RSS_it_is_unknown()
    {
        MemoryReport report = MemoryReport.From(
            Analysis(s_counted with { Space = null }, new CacheShare(), isHeapCounted: false) with
            {
                IsResidentUnknown = true,
                Notes = ["RSS cannot be read here.", "Nor anything else."],
            });

        Assert.StartsWith("RSS unknown, before the collection", report.ToText(), StringComparison.Ordinal);
        Assert.EndsWith(
            "Note: RSS cannot be read here.\nNote: Nor anything else.\n", report.ToText(), StringComparison.Ordinal);
    }

    [Fact]
    public void Findings_are_numbered_each_with_its_advice()
    {
        MemoryReport report = Report(
            s_counted with { DeadBytes = 430 * MiB, FileBytes = 300 * MiB },
            new CacheShare { Bytes = 500 * MiB, Counted = 1 });

        Assert.Equal(2, report.Findings.Count);
        Assert.EndsWith(
            "\n\nWhat holds the rest, and what to do about it:\n"
                + string.Concat(report.Findings.Select((finding, index) =>
                    $"  {index + 1}. {finding.Text}\n     {finding.Advice}\n")),
            report.ToText(),
            StringComparison.Ordinal);
    }

    private static CachePressure Pressure(long mebibytes) => new()
    {
        Kind = MemoryPressureKind.Container,
        LimitBytes = 1000 * MiB,
        UsedBytes = 900 * MiB,
        YieldedBytes = mebibytes * MiB,
        Since = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero),
    };

    private static MemoryAnalysis Analysis(MemoryBreakdown breakdown, CacheShare caches, bool isHeapCounted) => new()
    {
        Breakdown = breakdown,
        Caches = caches,
        IsHeapCounted = isHeapCounted,
        GCPause = TimeSpan.Zero,
        Duration = TimeSpan.Zero,
        Notes = [],
    };

    private static MemoryReport Report(MemoryBreakdown breakdown, CacheShare caches, bool isHeapCounted = true) =>
        MemoryReport.From(Analysis(breakdown, caches, isHeapCounted));
}
