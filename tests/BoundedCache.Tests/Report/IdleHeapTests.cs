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
        { "replaced RetainVM", "RetainVM 300" },
        { "replaced ServerGC", "ReplacedCollector 300" },
        { "holes RetainVM", "RetainVM 300, Fragmentation 100" },
        { "holes ServerGC", "ServerGC 300, Fragmentation 100" },
        { "holes replaced", "ReplacedCollector 300, Fragmentation 100" },
        { "pins holes replaced ServerGC RetainVM", "Pins 400" },
        { "holes replaced ServerGC RetainVM", "RetainVM 300, Fragmentation 100" },
    };

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
    public async Task A_release_names_the_largest_of_the_reports_findings(string causes, string expected)
    {
        var process = new FakeProcess
        {
            DeadBytes = 400 * MiB,
            StuckBytes = (Empty * MiB) + HolesOf(causes),
            FragmentedBytes = HolesOf(causes),
            PinnedObjects = PinsOf(causes),
            Settings = Settings(causes),
        };
        var idle = new IdleHeap(HolesOf(causes), Empty * MiB, PinsOf(causes), Settings(causes));
        var releaser = new MemoryReleaser(process.Memory, new ReleaseThresholds());

        ReleaseResult result = await releaser.ReleaseAsync(
            new ReleaseRequest { ExpectedBytes = 400 * MiB }, CancellationToken.None);

        MemoryReportFinding largest = idle.Explain(isMuch: true, areHolesMuch: true, isEmptyMuch: true)[^1];
        Assert.StartsWith($"{largest.Cause} {largest.Bytes / MiB}", expected, StringComparison.Ordinal);
        Assert.Equal(largest.ToString(), Assert.Single(result.Advice));
    }

    [Theory]
    [InlineData("pins RetainVM", "Some of it may also be kept by System.GC.RetainVM.")]
    [InlineData("pins ServerGC", "Some of it may also be kept by Server GC.")]
    [InlineData("ServerGC RetainVM", "Some of it may also be kept by Server GC.")]
    [InlineData("replaced RetainVM", "Some of it may also be kept by the collector libother.so.")]
    [InlineData(
        "replaced ServerGC RetainVM", "Some of it may also be kept by the collector libother.so and Server GC.")]
    public void The_other_settings_that_may_keep_some_of_it_are_mentioned(string causes, string expected)
    {
        var idle = new IdleHeap(0, Empty * MiB, PinsOf(causes), Settings(causes));

        Assert.EndsWith(
            " " + expected,
            Assert.Single(idle.Explain(isMuch: true, areHolesMuch: false, isEmptyMuch: true)).Advice,
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
            Assert.Single(idle.Explain(isMuch: true, areHolesMuch: false, isEmptyMuch: true)).Advice,
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
            idle.Explain(isMuch: true, areHolesMuch: false, isEmptyMuch: true));
        Assert.StartsWith(expected, finding.Advice, StringComparison.Ordinal);
        Assert.Contains("in 4 heaps", finding.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_not_much_has_no_finding()
    {
        var idle = new IdleHeap(Holes * MiB, Empty * MiB, 0, default);

        Assert.Empty(idle.Explain(isMuch: true, areHolesMuch: false, isEmptyMuch: false));
        Assert.Empty(
            (idle with { PinnedObjects = 1000 }).Explain(isMuch: false, areHolesMuch: true, isEmptyMuch: true));
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
                .Explain(isMuch: true, areHolesMuch: false, isEmptyMuch: true)[0].Cause);
    }
}
