using BoundedCache.Process;
using BoundedCache.Release;
using BoundedCache.Report;
using BoundedCache.Tests.Process;
using static BoundedCache.Tests.Process.FakeProcess;

namespace BoundedCache.Tests.Report;

/// <summary>Why the heap keeps memory without objects: each amount has one finding, whatever comes together.</summary>
public sealed class IdleHeapTests
{
    private const long Holes = 100;
    private const long Empty = 300;

    /// <summary>Causes together, and the findings with their MiB.</summary>
    public static TheoryData<string, string> Together => new()
    {
        { "", "UnusedHeap 300" },
        { "holes", "UnusedHeap 300, Fragmentation 100" },
        { "pins", "Pins 300" },
        { "pins holes", "Pins 400" },
        { "pins RetainVM", "Pins 300" },
        { "pins ServerGC", "Pins 300" },
        { "pins replaced", "Pins 300" },
        { "ServerGC RetainVM", "RetainVM 300" },
        { "replaced RetainVM", "ReplacedCollector 300" },
        { "replaced ServerGC", "ReplacedCollector 300" },
        { "holes RetainVM", "RetainVM 300, Fragmentation 100" },
        { "holes ServerGC", "ServerGC 300, Fragmentation 100" },
        { "holes replaced", "ReplacedCollector 300, Fragmentation 100" },
        { "pins holes replaced ServerGC RetainVM", "Pins 400" },
        { "holes replaced ServerGC RetainVM", "ReplacedCollector 300, Fragmentation 100" },
    };

    private static readonly Predicate<long> s_any = static bytes => bytes > 0;

    private static CollectorSettings Settings(string causes) => new()
    {
        RetainsMemory = causes.Contains("RetainVM", StringComparison.Ordinal),
        IsServer = causes.Contains("ServerGC", StringComparison.Ordinal),
        Replacement = causes.Contains("replaced", StringComparison.Ordinal) ? "libother.so" : null,
        Heaps = 4,
    };

    private static long HolesOf(string causes) =>
        causes.Contains("holes", StringComparison.Ordinal) ? Holes * MiB : 0;

    private static long PinsOf(string causes) => causes.Contains("pins", StringComparison.Ordinal) ? 1000 : 0;

    [Theory]
    [MemberData(nameof(Together))]
    public void Each_amount_is_in_one_finding_of_the_report(string causes, string expected)
    {
        IReadOnlyList<MemoryReportFinding> findings = MemoryRules.Check(new MemoryBreakdown
        {
            ResidentBytes = 400 * MiB,
            HeapBytes = 400 * MiB,
            UnusedBytes = Empty * MiB,
            FragmentedBytes = HolesOf(causes),
            PinnedObjects = PinsOf(causes),
            Settings = Settings(causes),
        });

        Assert.Equal(
            expected, string.Join(", ", findings.Select(static finding => $"{finding.Cause} {finding.Bytes / MiB}")));
        Assert.Equal((Empty * MiB) + HolesOf(causes), findings.Sum(static finding => finding.Bytes));
    }

    [Theory]
    [MemberData(nameof(Together))]
    public async Task A_release_names_all_of_the_reports_findings(string causes, string expected)
    {
        var process = new FakeProcess
        {
            DeadBytes = 400 * MiB,
            StuckBytes = (Empty * MiB) + HolesOf(causes),
            FragmentedBytes = HolesOf(causes),
            PinnedObjects = PinsOf(causes),
            Settings = Settings(causes),
        };
        var idle = new IdleHeap(HolesOf(causes), Empty * MiB, PinsOf(causes), Settings(causes))
        {
            Released = ReleaseMode.Full,
        };
        var releaser = new MemoryReleaser(process.Memory, new ReleaseThresholds());

        ReleaseResult result = await releaser.ReleaseAsync(
            new ReleaseRequest { ExpectedBytes = 400 * MiB }, CancellationToken.None);

        IReadOnlyList<MemoryReportFinding> findings = idle.Explain(s_any, s_any);
        Assert.Equal(
            expected.Split(", ").Order(),
            findings.Select(static finding => $"{finding.Cause} {finding.Bytes / MiB}").Order());
        Assert.Equal(findings.Select(static finding => finding.ToString()), result.Advice);
    }

    [Theory]
    [InlineData("pins RetainVM", "Some of it may also be kept by System.GC.RetainVM.")]
    [InlineData("pins ServerGC", "Some of it may also be kept by Server GC.")]
    [InlineData("ServerGC RetainVM", "Some of it may also be kept by Server GC.")]
    [InlineData("replaced RetainVM", "Some of it may also be kept by System.GC.RetainVM.")]
    [InlineData(
        "replaced ServerGC RetainVM", "Some of it may also be kept by System.GC.RetainVM and Server GC.")]
    public void The_other_settings_that_may_keep_some_of_it_are_mentioned(string causes, string expected)
    {
        var idle = new IdleHeap(0, Empty * MiB, PinsOf(causes), Settings(causes));

        Assert.EndsWith(
            " " + expected,
            Assert.Single(idle.Explain(s_any, s_any)).Advice,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("pins")]
    [InlineData("RetainVM")]
    [InlineData("replaced")]
    [InlineData("ServerGC")]
    public void A_cause_that_is_alone_mentions_no_other(string causes)
    {
        var idle = new IdleHeap(0, Empty * MiB, PinsOf(causes), Settings(causes));

        Assert.DoesNotContain(
            "may also",
            Assert.Single(idle.Explain(s_any, s_any)).Advice,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false, "Let it adapt to the process (DOTNET_GCDynamicAdaptationMode=1), give it fewer heaps")]
    [InlineData(true, "Give it fewer heaps")]
    public void Server_GC_is_told_to_adapt_only_where_it_does_not(bool adapts, string expected)
    {
        var idle = new IdleHeap(
            0, Empty * MiB, 0, new CollectorSettings { IsServer = true, Heaps = 4, AdaptsHeaps = adapts });

        MemoryReportFinding finding = Assert.Single(
            idle.Explain(s_any, s_any));
        Assert.StartsWith(expected, finding.Advice, StringComparison.Ordinal);
        Assert.Contains("in 4 heaps", finding.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_not_much_has_no_finding()
    {
        var idle = new IdleHeap(Holes * MiB, Empty * MiB, 0, default);

        Assert.Empty(idle.Explain(static _ => false, static _ => false));
        Assert.Empty((idle with { PinnedObjects = 1000 }).Explain(static _ => false, s_any));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Without_pins_nothing_is_held_by_them_however_little_there_is(long bytes)
    {
        Assert.False(GCReading.CanPinsHold(0, bytes));
        Assert.DoesNotContain(
            new IdleHeap(0, bytes, 0, default).Explain(s_any, s_any),
            static finding => finding.Cause == MemoryReportCause.Pins);
    }

    [Theory]
    [InlineData(49, false)]
    [InlineData(50, true)]
    public void Pins_explain_what_their_regions_can_hold_twice_over(long pins, bool expected)
    {
        Assert.Equal(expected, GCReading.CanPinsHold(pins, 400 * MiB));
        Assert.Equal(
            expected ? MemoryReportCause.Pins : MemoryReportCause.UnusedHeap,
            new IdleHeap(0, 400 * MiB, pins, default)
                .Explain(s_any, s_any)[0].Cause);
    }

    [Fact]
    public void Holes_between_objects_that_were_allocated_pinned_are_no_fragmentation_and_no_pins()
    {
        var idle = new IdleHeap(400 * MiB, 0, 1000, default) { PinnedHoleBytes = 370 * MiB };

        IReadOnlyList<MemoryReportFinding> findings = idle.Explain(s_any, s_any);

        Assert.Equal(
            [(MemoryReportCause.PinnedHeap, 370 * MiB), (MemoryReportCause.Pins, 30 * MiB)],
            findings.Select(static finding => (finding.Cause, finding.Bytes)));
        Assert.DoesNotContain("ReleaseAsync", findings[0].Advice, StringComparison.Ordinal);
        Assert.DoesNotContain("AllocateArray", findings[0].Advice, StringComparison.Ordinal);
        Assert.Equal(
            MemoryReportCause.Fragmentation,
            Assert.Single(new IdleHeap(400 * MiB, 0, 0, default).Explain(s_any, s_any)).Cause);
    }

    [Theory]
    [InlineData(null, true)]
    [InlineData(ReleaseMode.Gentle, true)]
    [InlineData(ReleaseMode.Full, false)]
    public void A_full_release_is_advised_only_where_none_just_ran(ReleaseMode? released, bool isAdvised)
    {
        foreach (CollectorSettings settings in (CollectorSettings[])[default, new() { RetainsMemory = true }])
        {
            var idle = new IdleHeap(400 * MiB, 400 * MiB, 0, settings)
            {
                LargeHoleBytes = 200 * MiB,
                Released = released,
            };

            Assert.All(idle.Explain(s_any, s_any), finding => Assert.Equal(
                isAdvised,
                finding.Advice.Contains("ReleaseMode.Full", StringComparison.Ordinal)
                    || finding.Advice.Contains("a full release takes it", StringComparison.Ordinal)));
        }
    }

    [Fact]
    public void A_replaced_collector_is_not_said_to_be_helped_by_a_full_release() => Assert.DoesNotContain(
        "full release",
        Assert.Single(new IdleHeap(
            0, 400 * MiB, 0, new CollectorSettings { RetainsMemory = true, Replacement = "libclrgc.so" })
                .Explain(s_any, s_any)).ToString(),
        StringComparison.Ordinal);

    [Fact]
    public void Holes_between_large_objects_are_named_apart_where_they_are_much()
    {
        var idle = new IdleHeap(400 * MiB, 0, 0, default) { LargeHoleBytes = 300 * MiB };

        Assert.Equal(
            [MemoryReportCause.LargeObjectHoles, MemoryReportCause.Fragmentation],
            idle.Explain(s_any, s_any).Select(static finding => finding.Cause));
        Assert.Equal(
            (MemoryReportCause.Fragmentation, 400 * MiB),
            Assert.Single((idle with { LargeHoleBytes = 10 * MiB }).Explain(static bytes => bytes > 20 * MiB, s_any))
                is var finding ? (finding.Cause, finding.Bytes) : default);
    }
}
