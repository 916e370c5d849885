using System.Text.Json;
using BoundedCache.Entries;
using BoundedCache.Process;
using BoundedCache.Report;
using BoundedCache.Tests.Sizing;
using BoundedCache.TestSupport;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Tests;

/// <summary>The report on a process's memory: its parts and its text.</summary>
[Collection(HeapTests.Name)]
public sealed class MemoryReportTests
{
    private const long MiB = 1024 * 1024;

    private static readonly MemoryAnalysis s_survey = new()
    {
        Breakdown = new MemoryBreakdown
        {
            ResidentBytes = 1000 * MiB,
            HeapBytes = 700 * MiB,
            CacheBytes = 100 * MiB,
            OtherLiveBytes = 50 * MiB,
            DeadBytes = 300 * MiB,
            FragmentedBytes = 200 * MiB,
            UnusedBytes = 50 * MiB,
            NativeBytes = 250 * MiB,
            FileBytes = 50 * MiB,
            Threads = 12,
            NativeHeap = new NativeHeapReading(90 * MiB, 160 * MiB),
            Space = new AddressSpace
            {
                ResidentBytes = 1000 * MiB,
                HeapBytes = 700 * MiB,
                FileBytes = 50 * MiB,
                SharedBytes = 4 * MiB,
                AllocatorBytes = 230 * MiB,
                Arenas = 5,
                StackBytes = 2 * MiB,
                WrittenFileBytes = MiB,
                OtherBytes = 13 * MiB,
                HugePageBytes = 0,
                LargestFile = "/lib",
                LargestFileBytes = MiB,
            },
        },
        Caches = new CacheShare { Bytes = 100 * MiB, Counted = 2, Declared = 1 },
        IsHeapCounted = true,
        GCPause = TimeSpan.Zero,
        Duration = TimeSpan.FromMilliseconds(12.3456),
        Notes = [],
    };

    [Fact]
    public void A_report_reads_as_a_table_and_sentences() => Snapshot.Verify(MemoryReport.From(s_survey).ToText());

    [Fact]
    public void Its_JSON_has_no_escapes_that_people_have_to_read() => Assert.Contains(
        "\"what's > 1 & < 2\"", new MemoryReport { Notes = ["what's > 1 & < 2"] }.ToJson(), StringComparison.Ordinal);

    [Fact]
    public void A_report_is_written_as_JSON() => Snapshot.Verify(MemoryReport.From(s_survey).ToJson());

    [Fact]
    public void A_report_can_be_built_by_hand_from_what_a_test_needs()
    {
        var report = new MemoryReport { Rows = [new MemoryReportRow { Kind = MemoryReportRowKind.Dead, Bytes = 7 }] };

        Assert.Equal(7, report[MemoryReportRowKind.Dead]);
        Assert.Empty(report.Findings);
        Assert.Empty(report.Notes);
        Assert.Contains("dead", report.ToText(), StringComparison.Ordinal);
        Assert.Empty(JsonDocument.Parse(new MemoryReport().ToJson()).RootElement.GetProperty("rows").EnumerateArray());
        Assert.Equal("", new MemoryReportFinding().ToString());
        Assert.Equal("It is so.", new MemoryReportFinding { Text = "It is so." }.ToString());
        Assert.Equal("It is so. Do it.", new MemoryReportFinding { Text = "It is so.", Advice = "Do it." }.ToString());
    }

    [Fact]
    public void Rows_and_parts_read_as_one_line()
    {
        var row = new MemoryReportRow
        {
            Kind = MemoryReportRowKind.Fragmentation,
            Bytes = 12 * MiB,
            IsEstimate = true,
            Basis = "left by the last collection",
        };

        Assert.Equal("fragmentation: ~12 MiB, left by the last collection", row.ToString());
        Assert.Equal("fragmentation: 12 MiB", (row with { IsEstimate = false, Basis = "" }).ToString());
        Assert.Equal("99: 0 B", new MemoryReportRow { Kind = (MemoryReportRowKind)99 }.ToString());
        Assert.Equal("stacks: 3 MiB", new MemoryReportPart("stacks", 3 * MiB).ToString());
        Assert.Equal("stacks: ~3 MiB", new MemoryReportPart("stacks", 3 * MiB) { IsEstimate = true }.ToString());
    }

    [Fact]
    public void The_times_of_a_report_are_in_its_JSON_in_milliseconds()
    {
        JsonElement json = JsonDocument.Parse(MemoryReport.From(s_survey with
        {
            GCPause = TimeSpan.FromMilliseconds(3.25),
        }).ToJson()).RootElement;

        Assert.Equal(3.25, json.GetProperty("gcPauseMilliseconds").GetDouble());
        Assert.Equal(12.346, json.GetProperty("durationMilliseconds").GetDouble());
    }

    [Theory]
    [InlineData(
        false, true, "~ survived the last collection, less what the cache holds or let go", "~ let go by caches")]
    [InlineData(true, true, "~ survived a collection, less the cache", "did not survive a collection")]
    [InlineData(true, false, "  survived a collection, less the cache", "did not survive a collection")]
    public void Rows_say_what_was_measured_and_what_is_an_estimate(
        bool isMeasured, bool hasCaches, string live, string dead)
    {
        MemoryReport report = MemoryReport.From(s_survey with
        {
            Breakdown = s_survey.Breakdown with { IsLiveMeasured = isMeasured },
            Caches = hasCaches ? s_survey.Caches : default,
        });

        Assert.Equal(isMeasured ? MemoryReportMode.Collect : MemoryReportMode.Observe, report.Mode);
        Assert.Contains(live, report.ToText(), StringComparison.Ordinal);
        Assert.Contains(dead, report.ToText(), StringComparison.Ordinal);
        Assert.Equal(!isMeasured, report.Rows[2].IsEstimate);
        Assert.Equal(hasCaches, report.Rows[0].IsEstimate);
        Assert.Contains(
            isMeasured ? "before the collection that told live from dead" : "nothing was collected for it",
            report.ToText(),
            StringComparison.Ordinal);
        Assert.Contains(
            hasCaches ? "accounted by 2 caches" : "accounted by no cache", report.ToText(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_report_on_figures_that_the_kernel_did_not_count_says_so()
    {
        MemoryReport report = MemoryReport.From(s_survey with
        {
            Breakdown = s_survey.Breakdown with { Space = null },
            IsHeapCounted = false,
            Caches = new CacheShare { Counted = 1 },
            Notes = ["A note."],
        });

        Assert.Equal("accounted by 1 cache", report.Rows[0].Basis);
        Assert.Equal("committed heap, less the rows above", report.Rows[4].Basis);
        Assert.Equal(("resident, less heap and files", true, 0), (
            report.Rows[5].Basis, report.Rows[5].IsEstimate, report.Rows[5].Parts.Count));
        Assert.Equal(
            ("as far as the platform tells", true), (report.Rows[6].Basis, report.Rows[6].IsEstimate));
        Assert.Equal("A note.", Assert.Single(report.Notes));
    }

    [Theory]
    [InlineData(EvictionPolicy.LeastRecentlyUsed, "accounted by 1 cache", "accounted by 2 caches")]
    [InlineData(
        EvictionPolicy.ScanResistant,
        "accounted by 1 cache, scan-resistant",
        "accounted by 2 caches, 1 of them scan-resistant")]
    public void The_row_of_caches_says_how_many_are_scan_resistant(EvictionPolicy policy, string one, string both)
    {
        using var test = new CacheUnderTest(options => options.EvictionPolicy = policy);
        using var other = new CacheUnderTest();

        Assert.Equal(one, MemoryReport.Capture(test.Cache).Rows[0].Basis);
        Assert.Equal(both, MemoryReport.Capture(test.Cache, other.Cache).Rows[0].Basis);
    }

    [Fact]
    public void An_allocator_without_figures_is_one_part()
    {
        MemoryReportRow native = MemoryReport.From(s_survey with
        {
            Breakdown = s_survey.Breakdown with { NativeHeap = null },
        }).Rows[5];

        Assert.Equal("native allocator", native.Parts[0].Name);
        Assert.Equal(native.Bytes, native.Parts.Sum(static part => part.Bytes));
        Assert.All(native.Parts, static part => Assert.False(part.IsEstimate));
    }

    [Theory]
    [InlineData(1, "1 cache is left out, because the sizes of its entries are declared and may not be bytes.")]
    [InlineData(2, "2 caches are left out, because the sizes of their entries are declared and may not be bytes.")]
    public void Caches_that_are_left_out_are_a_note(int declared, string expected) => Assert.Equal(
        ["A note.", expected],
        MemoryReport.From(s_survey with
        {
            Notes = ["A note."],
            Caches = new CacheShare { Declared = declared },
        }).Notes);

    [Fact]
    public void A_report_without_findings_says_no_more_than_that()
    {
        MemoryReport report = MemoryReport.From(s_survey with
        {
            Breakdown = s_survey.Breakdown with { ResidentBytes = 10_000 * MiB, HeapBytes = 9_000 * MiB },
        });

        Assert.Empty(report.Findings);
        Assert.Contains("No part passes the thresholds", report.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(MemoryReportMode.Observe)]
    [InlineData(MemoryReportMode.Collect)]
    public void The_rows_of_this_process_add_up_and_come_in_order(MemoryReportMode mode)
    {
        MemoryReport report = MemoryReport.Capture(mode);

        Assert.Equal(mode, report.Mode);
        Assert.Equal(Enum.GetValues<MemoryReportRowKind>(), report.Rows.Select(static row => row.Kind));
        Assert.All(report.Rows, static row => Assert.True(row.Bytes >= 0, $"{row}"));
        Assert.All(report.Rows, static row =>
            Assert.True(row.Parts.Count == 0 || row.Parts.Sum(static part => part.Bytes) == row.Bytes, $"{row}"));
        Assert.Equal(report.ResidentBytes, report.Rows.Sum(static row => row.Bytes));
        Assert.Equal(report.HeapBytes, report.Rows.Take(5).Sum(static row => row.Bytes));
        Assert.Equal(
            report.ResidentBytes,
            JsonDocument.Parse(report.ToJson()).RootElement.GetProperty("residentBytes").GetInt64());
        if (OperatingSystem.IsLinux())
        {
            Assert.True(report.IsHeapCounted);
            Assert.False(report.Rows[^1].IsEstimate);
        }
    }

    [Fact]
    public void Entries_are_told_from_other_objects_for_the_caches_that_are_given()
    {
        using BoundedMemoryCache one = Filled(30);
        using BoundedMemoryCache other = Filled(20);

        Assert.Equal(one.UsedMemory, MemoryReport.Capture(one)[MemoryReportRowKind.Cache]);
        Assert.Equal(
            one.UsedMemory + other.UsedMemory, MemoryReport.Capture(one, other, one)[MemoryReportRowKind.Cache]);
        Assert.InRange(
            MemoryReport.Capture()[MemoryReportRowKind.Cache], one.UsedMemory + other.UsedMemory, long.MaxValue);
        Assert.InRange(
            MemoryReport.Capture(MemoryReportMode.Collect, one)[MemoryReportRowKind.OtherLive],
            other.UsedMemory,
            long.MaxValue);
    }

    [Fact]
    public void What_a_cache_let_go_is_dead_until_the_whole_heap_is_collected()
    {
        using BoundedMemoryCache cache = Filled(0);
        using BoundedMemoryCache another = Filled(1);
        int collections;
        long dead;
        long deadForAnother;
        do
        {
            // Again where the runtime collected by itself meanwhile, as it may on a busy machine.
            Fill(cache, 40);
            Collect();
            collections = GC.CollectionCount(2);
            cache.Clear();
            dead = MemoryReport.Capture(cache)[MemoryReportRowKind.Dead];
            deadForAnother = MemoryReport.Capture(another)[MemoryReportRowKind.Dead];
        }
        while (GC.CollectionCount(2) != collections);

        // A little less than 40 MiB: of the estimate's parts other objects and holes take theirs.
        Assert.InRange(dead, 36 * MiB, long.MaxValue);
        Assert.InRange(deadForAnother, 36 * MiB, long.MaxValue);

        Collect();
        Assert.InRange(MemoryReport.Capture(cache)[MemoryReportRowKind.Dead], 0, 30 * MiB);
    }

    [Fact]
    public void A_cache_of_declared_sizes_is_left_out_and_the_report_says_so()
    {
        using var cache = new BoundedMemoryCache(
            new BoundedMemoryCacheOptions { Sizing = EntrySizing.Declared, MaxMemory = 100 });
        cache.Set("key", new byte[1000], new MemoryCacheEntryOptions { Size = 77 });

        MemoryReport report = MemoryReport.Capture(cache);

        Assert.Equal(0, report[MemoryReportRowKind.Cache]);
        Assert.Contains(report.Notes, static note => note.StartsWith("1 cache is left out", StringComparison.Ordinal));
    }

    [Fact]
    public void Entries_that_declare_a_size_of_0_are_not_counted_and_may_hold_what_is_alive()
    {
        using var cache = new BoundedMemoryCache(
            new BoundedMemoryCacheOptions { Sizing = EntrySizing.Declared, MaxMemory = 100 });
        int before = LiveCaches.ReadShare([]).Uncounted;
        cache.Set("key", new byte[1000], new MemoryCacheEntryOptions { Size = 0 });

        Assert.Equal(before + 1, LiveCaches.ReadShare([]).Uncounted);
        Assert.Equal(before + 1, LiveCaches.ReadShare([cache]).Uncounted);
    }

    [Fact]
    public void A_cache_of_others_may_hold_what_is_alive()
    {
        using BoundedMemoryCache cache = Filled(1);

        Assert.Equal(
            MemoryReport.ReadShare([cache]).Uncounted + 1,
            MemoryReport.ReadShare([cache, new OthersCache()]).Uncounted);
    }

    [Fact]
    public void A_cache_that_is_disposed_has_no_entries()
    {
        BoundedMemoryCache cache = Filled(1);
        cache.Dispose();

        Assert.Equal(0, MemoryReport.Capture(cache)[MemoryReportRowKind.Cache]);
    }

    [Fact]
    public void Bad_arguments_are_refused()
    {
        Assert.Contains(
            "Observe or Collect",
            Assert.Throws<ArgumentOutOfRangeException>(static () => MemoryReport.Capture((MemoryReportMode)7)).Message,
            StringComparison.Ordinal);
        Assert.Throws<ArgumentNullException>(static () => MemoryReport.Capture((IEnumerable<BoundedMemoryCache>)null!));
        Assert.Throws<ArgumentException>(static () => MemoryReport.Capture([null!]));
        Assert.Throws<ArgumentOutOfRangeException>(static () => MemoryReport.From(s_survey)[(MemoryReportRowKind)99]);
    }

    /// <summary>A cache that requests no collections: tests count dead objects.</summary>
    private static BoundedMemoryCache Filled(long mebibytes)
    {
        var cache = new BoundedMemoryCache(new BoundedMemoryCacheOptions { MaxMemory = 100 * MiB, PacingShare = 0 });
        Fill(cache, mebibytes);
        return cache;
    }

    private static void Fill(BoundedMemoryCache cache, long mebibytes)
    {
        for (int entry = 0; entry < mebibytes; entry++)
        {
            // Pages that were never written to are not resident.
            byte[] value = new byte[MiB];
            Array.Fill(value, (byte)1);
            cache.Set(entry, value);
        }
    }

    /// <summary>No code of such a cache runs for a report.</summary>
    private sealed class OthersCache : IBoundedCache
    {
        public string Name => throw new NotSupportedException();

        public long MaxMemory
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public long EffectiveMaxMemory => throw new NotSupportedException();

        public long UsedMemory => throw new NotSupportedException();

        public int Count => throw new NotSupportedException();

        public Task<ShrinkReport> SetMaxMemoryAsync(
            long maxMemory, ReleaseMode? releaseMode = null, CancellationToken cancellationToken = default) =>
            throw new NotSupportedException();

        public Task<ShrinkReport> ReleaseAsync(
            ReleaseMode? releaseMode = null, CancellationToken cancellationToken = default) =>
            throw new NotSupportedException();

        public CacheSnapshot GetSnapshot() => throw new NotSupportedException();

        public void Compact(double percentage) => throw new NotSupportedException();

        public void Clear() => throw new NotSupportedException();
    }

    /// <summary>Collects, and waits for the finalizers; one of them marks what had been freed by then.</summary>
    private static void Collect()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
    }
}
