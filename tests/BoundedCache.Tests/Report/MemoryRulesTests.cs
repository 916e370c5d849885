using BoundedCache.Process;
using BoundedCache.Report;

namespace BoundedCache.Tests.Report;

/// <summary>When each rule speaks: only above its amount and above its share.</summary>
public sealed class MemoryRulesTests
{
    private const long MiB = 1024 * 1024;

    private static readonly AddressSpace s_noSpace = new()
    {
        ResidentBytes = 0,
        HeapBytes = 0,
        FileBytes = 0,
        SharedBytes = 0,
        AllocatorBytes = 0,
        Arenas = 3,
        StackBytes = 0,
        WrittenFileBytes = 0,
        OtherBytes = 0,
        HugePageBytes = 0,
        LargestFile = "/data/largest",
        LargestFileBytes = 1,
    };

    /// <summary>
    /// For each rule: a process of so many MiB in which its cause has so many MiB, and nothing else has any.
    /// </summary>
    private static readonly Dictionary<MemoryReportCause, Func<long, long, MemoryBreakdown>> s_processes = new()
    {
        [MemoryReportCause.OtherLive] = static (whole, part) => Empty(whole) with { OtherLiveBytes = part },
        [MemoryReportCause.Dead] = static (whole, part) => Empty(whole) with { DeadBytes = part },
        [MemoryReportCause.Finalizers] = static (whole, part) =>
            Empty(whole) with { FinalizerBytes = part, FinalizersPending = 20 },
        [MemoryReportCause.Pins] = static (whole, part) =>
            Empty(whole) with { UnusedBytes = part, PinnedObjects = 100_000 },
        [MemoryReportCause.Fragmentation] = static (whole, part) => Empty(whole) with { FragmentedBytes = part },
        [MemoryReportCause.PinnedHeap] = static (whole, part) =>
            Empty(whole) with { FragmentedBytes = part, PinnedHoleBytes = part },
        [MemoryReportCause.LargeObjectHoles] = static (whole, part) =>
            Empty(whole) with { FragmentedBytes = part, LargeHoleBytes = part },
        [MemoryReportCause.RetainVM] = static (whole, part) =>
            Empty(whole) with { UnusedBytes = part, Settings = new CollectorSettings { RetainsMemory = true } },
        [MemoryReportCause.ServerGC] = static (whole, part) =>
            Empty(whole) with { UnusedBytes = part, Settings = new CollectorSettings { IsServer = true, Heaps = 8 } },
        [MemoryReportCause.ReplacedCollector] = static (whole, part) =>
            Empty(whole) with { UnusedBytes = part, Settings = new CollectorSettings { Replacement = "libclrgc.so" } },
        [MemoryReportCause.UnusedHeap] = static (whole, part) => Empty(whole) with { UnusedBytes = part },
        [MemoryReportCause.NativeArenas] = static (whole, part) => Empty(whole) with
        {
            Space = s_noSpace with { AllocatorBytes = part },
            NativeHeap = new NativeHeapReading(0, part),
        },
        [MemoryReportCause.NativeInUse] = static (whole, part) => Empty(whole) with { NativeBytes = part },
        [MemoryReportCause.ThreadStacks] = static (whole, part) =>
            Empty(whole) with { Space = s_noSpace with { StackBytes = part }, Threads = 300 },
        [MemoryReportCause.SharedMemory] = static (whole, part) =>
            Empty(whole) with { Space = s_noSpace with { SharedBytes = part } },
        [MemoryReportCause.MappedFiles] = static (whole, part) =>
            Empty(whole) with { FileBytes = part, Space = s_noSpace },
        [MemoryReportCause.HugePages] = static (whole, part) =>
            Empty(whole) with { Space = s_noSpace with { HugePageBytes = part } },
        [MemoryReportCause.HeapLimit] = static (whole, part) =>
            Empty(whole) with { Room = new HeapRoom(whole, null), CacheLimitBytes = LimitsFor(whole + part) },
        [MemoryReportCause.UncountedValues] = static (whole, part) =>
            Empty(whole) with { OtherLiveBytes = part, UnfinishedEntries = 3 },
        [MemoryReportCause.MemoryPressure] = static (whole, part) =>
            Empty(whole) with { Pressures = [new CachePressure { LimitBytes = whole, YieldedBytes = part }] },
    };

    /// <summary>The rules with the least MiB and the least percentage at which each speaks.</summary>
    public static TheoryData<MemoryReportCause, long, double> Thresholds => new()
    {
        { MemoryReportCause.OtherLive, 64, 50 },
        { MemoryReportCause.Dead, 32, 25 },
        { MemoryReportCause.Finalizers, 16, 10 },
        { MemoryReportCause.Pins, 32, 25 },
        { MemoryReportCause.Fragmentation, 32, 25 },
        { MemoryReportCause.RetainVM, 64, 25 },
        { MemoryReportCause.ServerGC, 64, 25 },
        { MemoryReportCause.ReplacedCollector, 64, 25 },
        { MemoryReportCause.UnusedHeap, 64, 25 },
        { MemoryReportCause.NativeArenas, 32, 10 },
        { MemoryReportCause.NativeInUse, 64, 100.0 / 3 },
        { MemoryReportCause.ThreadStacks, 32, 10 },
        { MemoryReportCause.SharedMemory, 64, 25 },
        { MemoryReportCause.MappedFiles, 64, 25 },
        { MemoryReportCause.HugePages, 64, 25 },
        { MemoryReportCause.HeapLimit, 8, 2 },
        { MemoryReportCause.PinnedHeap, 32, 25 },
        { MemoryReportCause.LargeObjectHoles, 32, 25 },
        { MemoryReportCause.UncountedValues, 64, 50 },
    };

    private static MemoryBreakdown Empty(long bytes) => new() { ResidentBytes = bytes, HeapBytes = bytes };

    [Fact]
    public void Limits_as_large_as_a_number_can_be_add_up_to_the_largest_one()
    {
        MemoryBreakdown breakdown = Empty(MiB) with
        {
            Pressures =
            [
                new CachePressure { YieldedBytes = long.MaxValue - 1 },
                new CachePressure { YieldedBytes = 2 },
            ],
        };

        Assert.Equal(long.MaxValue, Assert.Single(MemoryRules.Check(breakdown)).Bytes);
    }

    [Theory]
    [MemberData(nameof(Thresholds))]
    public void A_rule_speaks_at_its_amount_and_its_share_together(
        MemoryReportCause cause, long leastMebibytes, double leastPercent)
    {
        long large = 100_000 * MiB;
        long share = (long)Math.Ceiling(large * leastPercent / 100);

        Assert.Equal([cause], Causes(cause, leastMebibytes * MiB, leastMebibytes * MiB));
        Assert.Equal([cause], Causes(cause, large, share));
    }

    [Theory]
    [MemberData(nameof(Thresholds))]
    public void A_rule_is_silent_below_its_amount_whatever_the_share(
        MemoryReportCause cause, long leastMebibytes, double leastPercent)
    {
        Assert.InRange(leastPercent, 0, 100);
        Assert.Empty(Causes(cause, leastMebibytes * MiB, (leastMebibytes * MiB) - 1));
    }

    [Theory]
    [MemberData(nameof(Thresholds))]
    public void A_rule_is_silent_below_its_share_whatever_the_amount(
        MemoryReportCause cause, long leastMebibytes, double leastPercent)
    {
        long large = 100_000 * MiB;
        long part = (long)(large * leastPercent / 100) - MiB;

        Assert.True(part > leastMebibytes * MiB);
        Assert.Empty(Causes(cause, large, part));
    }

    [Fact]
    public void Every_cause_has_a_rule() =>
        Assert.Equal(Enum.GetValues<MemoryReportCause>().Order(), s_processes.Keys.Order());

    [Theory]
    [MemberData(nameof(Thresholds))]
    public void What_a_rule_says_has_the_amount_and_ends_as_a_sentence(
        MemoryReportCause cause, long leastMebibytes, double leastPercent)
    {
        MemoryReportFinding finding = Assert.Single(MemoryRules.Check(s_processes[cause](2000 * MiB, 1500 * MiB)));

        Assert.Equal(1500 * MiB, finding.Bytes);
        Assert.Contains("1.46 GiB", finding.Text, StringComparison.Ordinal);
        Assert.EndsWith(".", finding.Text, StringComparison.Ordinal);
        Assert.EndsWith(".", finding.Advice, StringComparison.Ordinal);
        Assert.True(leastMebibytes > 0 && leastPercent > 0);
    }

    [Fact]
    public void Many_pending_finalizers_are_told_where_nobody_measured_what_they_hold()
    {
        MemoryBreakdown breakdown = Empty(100 * MiB) with { OtherLiveBytes = 40 * MiB, FinalizersPending = 10_000 };

        Assert.Contains("up to 40 MiB", Assert.Single(MemoryRules.Check(breakdown)).Text, StringComparison.Ordinal);
        Assert.Empty(MemoryRules.Check(breakdown with { FinalizersPending = 9_999 }));
        Assert.Empty(MemoryRules.Check(breakdown with { FinalizerBytes = 0 }));
        Assert.Contains(
            "up to 50 MiB",
            Assert.Single(MemoryRules.Check(breakdown with { DeadBytes = 10 * MiB })).Text,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Stuck_finalizers_are_called_so()
    {
        MemoryBreakdown breakdown =
            Empty(100 * MiB) with { OtherLiveBytes = 40 * MiB, FinalizersPending = 16, FinalizersStuck = true };

        Assert.Contains("slow or stuck", Assert.Single(MemoryRules.Check(breakdown)).Text, StringComparison.Ordinal);
    }

    [Fact]
    public void What_finalizers_held_is_not_told_twice()
    {
        MemoryBreakdown breakdown =
            Empty(300 * MiB) with { DeadBytes = 200 * MiB, FinalizerBytes = 200 * MiB, FinalizersPending = 99 };

        Assert.Equal(MemoryReportCause.Finalizers, Assert.Single(MemoryRules.Check(breakdown)).Cause);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_garbage_of_a_process_at_work_is_nothing_to_tell(bool isMeasured)
    {
        MemoryBreakdown breakdown =
            Empty(300 * MiB) with { DeadBytes = 200 * MiB, NewBytes = 200 * MiB, IsLiveMeasured = isMeasured };

        Assert.Empty(MemoryRules.Check(breakdown));
        Assert.Equal(90 * MiB, Assert.Single(MemoryRules.Check(breakdown with { NewBytes = 110 * MiB })).Bytes);
    }

    [Fact]
    public void What_caches_let_go_is_told_however_new_it_is()
    {
        MemoryBreakdown breakdown =
            Empty(300 * MiB) with { DeadBytes = 200 * MiB, NewBytes = 200 * MiB, LetGoBytes = 100 * MiB };

        Assert.Equal((MemoryReportCause.Dead, 100 * MiB), Told(Assert.Single(MemoryRules.Check(breakdown))));

        // It may have been collected since, with other young objects.
        Assert.Equal(200 * MiB, Assert.Single(MemoryRules.Check(breakdown with { LetGoBytes = 900 * MiB })).Bytes);
    }

    [Fact]
    public void Even_new_garbage_is_told_beyond_what_is_usual()
    {
        MemoryBreakdown breakdown = Empty(2000 * MiB) with { DeadBytes = 1256 * MiB, NewBytes = 1256 * MiB };

        Assert.Equal((MemoryReportCause.Dead, 1000 * MiB), Told(Assert.Single(MemoryRules.Check(breakdown))));
    }

    [Theory]
    [InlineData(MemoryReportCause.UnusedHeap)]
    [InlineData(MemoryReportCause.ServerGC)]
    [InlineData(MemoryReportCause.RetainVM)]
    [InlineData(MemoryReportCause.ReplacedCollector)]
    [InlineData(MemoryReportCause.Pins)]
    public void The_room_that_new_objects_will_take_again_is_nothing_to_tell(MemoryReportCause cause)
    {
        MemoryBreakdown breakdown = s_processes[cause](300 * MiB, 200 * MiB) with { NewBytesBefore = 200 * MiB };

        Assert.Empty(MemoryRules.Check(breakdown));

        // Of which some have been made.
        Assert.Equal(
            (cause, 100 * MiB), Told(Assert.Single(MemoryRules.Check(breakdown with { NewBytes = 100 * MiB }))));
        Assert.Equal((cause, 1000 * MiB), Told(Assert.Single(MemoryRules.Check(
            breakdown with { HeapBytes = 2000 * MiB, UnusedBytes = 1256 * MiB, NewBytesBefore = 2000 * MiB }))));
    }

    [Fact]
    public void Room_that_is_taken_already_makes_holes_no_smaller()
    {
        MemoryBreakdown breakdown = Empty(200 * MiB) with
        {
            FragmentedBytes = 100 * MiB,
            UnusedBytes = 10 * MiB,
            NewBytesBefore = 60 * MiB,
            PinnedObjects = 1000,
        };

        Assert.Equal((MemoryReportCause.Pins, 100 * MiB), Told(Assert.Single(MemoryRules.Check(breakdown))));
    }

    [Fact]
    public void Before_the_first_collection_nobody_knows_that_it_is_not_the_cache()
    {
        MemoryBreakdown breakdown = Empty(200 * MiB) with { OtherLiveBytes = 150 * MiB };

        Assert.Empty(MemoryRules.Check(breakdown with { IsNeverCollected = true }));
        Assert.Equal(MemoryReportCause.OtherLive, Assert.Single(MemoryRules.Check(breakdown)).Cause);
    }

    [Fact]
    public void A_few_pins_do_not_explain_much_fragmentation()
    {
        MemoryBreakdown breakdown = Empty(300 * MiB) with { FragmentedBytes = 100 * MiB, PinnedObjects = 12 };

        Assert.Equal(MemoryReportCause.Fragmentation, Assert.Single(MemoryRules.Check(breakdown)).Cause);
        Assert.Equal(
            MemoryReportCause.Pins, Assert.Single(MemoryRules.Check(breakdown with { PinnedObjects = 13 })).Cause);
    }

    [Fact]
    public void Arenas_of_an_allocator_that_keeps_no_account_are_told_from_their_size()
    {
        MemoryBreakdown breakdown = Empty(200 * MiB) with { Space = s_noSpace with { AllocatorBytes = 64 * MiB } };

        Assert.Equal(MemoryReportCause.NativeArenas, Assert.Single(MemoryRules.Check(breakdown)).Cause);
        Assert.Empty(MemoryRules.Check(breakdown with { ResidentBytes = 257 * MiB }));
        Assert.Empty(MemoryRules.Check(breakdown with { Space = breakdown.Space! with { Arenas = 0 } }));
    }

    [Fact]
    public void Native_memory_that_another_rule_explains_is_not_in_use()
    {
        MemoryBreakdown breakdown = Empty(300 * MiB) with
        {
            NativeBytes = 100 * MiB,
            NativeHeap = new NativeHeapReading(70 * MiB, 0),
            Space = s_noSpace,
        };

        MemoryReportFinding finding = Assert.Single(MemoryRules.Check(breakdown));
        Assert.Equal((MemoryReportCause.NativeInUse, 100 * MiB), Told(finding));
        Assert.Contains(
            "outside the managed heap; native code has 70 MiB allocated with malloc.",
            finding.Text,
            StringComparison.Ordinal);
        Assert.Empty(MemoryRules.Check(breakdown with { Space = s_noSpace with { StackBytes = 5 * MiB } }));
        Assert.Empty(MemoryRules.Check(breakdown with { Space = s_noSpace with { SharedBytes = 5 * MiB } }));
        Assert.Empty(MemoryRules.Check(breakdown with
        {
            Space = s_noSpace with { AllocatorBytes = 5 * MiB },
            NativeHeap = new NativeHeapReading(70 * MiB, 5 * MiB),
        }));
        Assert.Contains(
            "outside the managed heap.",
            Assert.Single(MemoryRules.Check(breakdown with { NativeHeap = null })).Text,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(3, "has freed in 4 arenas.")]
    [InlineData(0, "has freed.")]
    public void Freed_native_memory_is_told_with_the_number_of_arenas(int arenas, string expected)
    {
        MemoryBreakdown breakdown = Empty(200 * MiB) with
        {
            NativeHeap = new NativeHeapReading(0, 40 * MiB),
            Space = s_noSpace with { AllocatorBytes = 64 * MiB, Arenas = arenas },
        };

        Assert.EndsWith(expected, Assert.Single(MemoryRules.Check(breakdown)).Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, "are live objects", "were dead")]
    [InlineData(false, "are probably live objects", "are probably dead")]
    public void What_was_not_measured_is_only_probable(bool isMeasured, string live, string dead)
    {
        MemoryBreakdown breakdown = Empty(300 * MiB) with
        {
            OtherLiveBytes = 160 * MiB,
            DeadBytes = 100 * MiB,
            CacheBytes = 7 * MiB,
            IsLiveMeasured = isMeasured,
        };

        IReadOnlyList<MemoryReportFinding> findings = MemoryRules.Check(breakdown);

        Assert.Contains(live, findings[0].Text, StringComparison.Ordinal);
        Assert.EndsWith("where entries are 7 MiB.", findings[0].Text, StringComparison.Ordinal);
        Assert.Contains(dead, findings[1].Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_process_whose_mappings_are_not_known_has_no_native_findings_but_native_memory()
    {
        MemoryBreakdown breakdown = Empty(300 * MiB) with { NativeBytes = 200 * MiB, FileBytes = 100 * MiB };

        Assert.Equal(
            [MemoryReportCause.NativeInUse, MemoryReportCause.MappedFiles],
            MemoryRules.Check(breakdown).Select(static finding => finding.Cause));
        Assert.EndsWith("mapped files.", MemoryRules.Check(breakdown)[1].Text, StringComparison.Ordinal);
        Assert.Equal(
            MemoryReportCause.NativeInUse, Assert.Single(MemoryRules.CheckNative(breakdown)).Cause);
        Assert.Equal(
            MemoryReportCause.MappedFiles, Assert.Single(MemoryRules.CheckElsewhere(breakdown)).Cause);
    }

    [Fact]
    public void The_largest_mapped_file_is_named() => Assert.Contains(
        "/data/largest",
        Assert.Single(MemoryRules.Check(s_processes[MemoryReportCause.MappedFiles](200 * MiB, 100 * MiB))).Text,
        StringComparison.Ordinal);

    [Fact]
    public void Findings_are_told_the_largest_first()
    {
        MemoryBreakdown breakdown =
            Empty(400 * MiB) with { DeadBytes = 101 * MiB, FragmentedBytes = 150 * MiB, FileBytes = 120 * MiB };

        Assert.Equal(
            [MemoryReportCause.Fragmentation, MemoryReportCause.MappedFiles, MemoryReportCause.Dead],
            MemoryRules.Check(breakdown).Select(static finding => finding.Cause));
    }

    private static (MemoryReportCause, long) Told(MemoryReportFinding finding) => (finding.Cause, finding.Bytes);

    private static IEnumerable<MemoryReportCause> Causes(MemoryReportCause cause, long whole, long part) =>
        MemoryRules.Check(s_processes[cause](whole, part)).Select(static finding => finding.Cause);

    [Fact]
    public void Dead_bytes_that_may_not_be_collected_yet_are_explained()
    {
        MemoryBreakdown breakdown = Empty(1000 * MiB) with { DeadBytes = 400 * MiB };
        Assert.DoesNotContain("pacing", Assert.Single(MemoryRules.Check(breakdown)).Text);

        MemoryReportFinding finding =
            Assert.Single(MemoryRules.Check(breakdown with { OverdueBytes = 300 * MiB }));

        // They wait for their share of time, or a collection failed, or the process is in a no-GC region.
        Assert.Contains(
            "300 MiB left caches and would be collected by now, but pacing could not collect them yet.", finding.Text);
    }

    [Theory]
    [InlineData(19, false)]
    [InlineData(20, true)]
    [InlineData(200, true)]
    public void What_queued_callbacks_hold_is_said_and_the_cache_is_not_cleared_of_it(int pendingMiB, bool isTold)
    {
        MemoryBreakdown breakdown = Empty(300 * MiB) with
        {
            OtherLiveBytes = 200 * MiB,
            PendingBytes = pendingMiB * MiB,
        };

        string said = Assert.Single(MemoryRules.Check(breakdown)).ToString();

        Assert.Equal(
            isTold,
            said.Contains($"Entries of {pendingMiB} MiB have left caches or were refused", StringComparison.Ordinal));
        Assert.Equal(!isTold, said.Contains("It is not the cache", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(7, false)]
    [InlineData(8, true)]
    [InlineData(627, true)]
    public void Garbage_that_must_wait_is_told_however_small_its_share_is_and_the_cache_is_not_cleared_of_it(
        int overdueMiB, bool isTold)
    {
        MemoryBreakdown breakdown = Empty(4700 * MiB) with
        {
            OtherLiveBytes = 3900 * MiB,
            DeadBytes = 700 * MiB,
            OverdueBytes = overdueMiB * MiB,
        };

        IReadOnlyList<MemoryReportFinding> findings = MemoryRules.Check(breakdown);

        Assert.Equal(isTold, findings.Any(static finding => finding.Cause == MemoryReportCause.Dead));
        string said = string.Join(' ', findings);
        Assert.Equal(
            isTold,
            said.Contains($"{overdueMiB} MiB left caches and would be collected by now", StringComparison.Ordinal));
        Assert.Equal(!isTold, said.Contains("It is not the cache", StringComparison.Ordinal));
        Assert.Equal(!isTold, said.Contains("will not help", StringComparison.Ordinal));
    }

    [Fact]
    public void It_may_be_a_cache_whose_entries_are_not_counted()
    {
        MemoryBreakdown breakdown = Empty(300 * MiB) with { OtherLiveBytes = 200 * MiB };

        string sure = Assert.Single(MemoryRules.Check(breakdown)).ToString();
        string unsure = Assert.Single(MemoryRules.Check(breakdown with { UncountedCaches = 1 })).ToString();

        Assert.StartsWith("It is not the cache: 200 MiB are", sure, StringComparison.Ordinal);
        Assert.Contains("Lowering a limit will not help.", sure, StringComparison.Ordinal);
        Assert.StartsWith("200 MiB are", unsure, StringComparison.Ordinal);
        Assert.Contains("Some may be entries of 1 cache whose", unsure, StringComparison.Ordinal);
        Assert.DoesNotContain("will not help", unsure, StringComparison.Ordinal);
    }

    [Fact]
    public void The_C_librarys_figures_are_not_told_of_another_allocator()
    {
        MemoryBreakdown breakdown = Empty(300 * MiB) with
        {
            NativeBytes = 200 * MiB,
            ForeignAllocator = "jemalloc",
            Space = s_noSpace with { AllocatorBytes = 150 * MiB },
        };

        string said = Assert.Single(MemoryRules.Check(breakdown)).ToString();

        Assert.Contains("native code allocates with jemalloc, whose figures are not known", said);
        Assert.DoesNotContain("allocated with malloc", said, StringComparison.Ordinal);
    }

    [Fact]
    public void Stacks_of_threads_that_nobody_counted_have_no_number() => Assert.Contains(
        "are stacks of threads.",
        Assert.Single(MemoryRules.Check(s_processes[MemoryReportCause.ThreadStacks](300 * MiB, 100 * MiB) with
        {
            Threads = 0,
        })).Text,
        StringComparison.Ordinal);

    /// <summary>The largest limits that need no more than so many bytes.</summary>
    private static long LimitsFor(long bytes)
    {
        (long low, long high) = (0, bytes);
        while (low < high)
        {
            long middle = low + ((high - low + 1) / 2);
            (low, high) = HeapRoom.NeedOf(middle) <= bytes ? (middle, high) : (low, middle - 1);
        }

        return low;
    }
}
