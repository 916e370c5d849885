namespace BoundedCache.Tests;

public sealed class ShrinkReportTests
{
    [Fact]
    public void A_shrink_reads_as_one_line() => Assert.Equal(
        "sessions: limit 1 GiB -> 100 MiB; evicted 1,234,567 entries (924 MiB) in 83 ms; RSS 1.25 GiB -> 141 MiB, "
            + "committed 1.25 GiB -> 141 MiB; Released: The process's memory fell. (321 ms in all, GC pause 150 ms)",
        Report(1L << 30).ToString());

    [Fact]
    public void A_release_names_one_limit() =>
        Assert.StartsWith("sessions: limit 100 MiB; evicted", Report(100L << 20).ToString(), StringComparison.Ordinal);

    [Theory]
    [InlineData(MaxMemoryChange.Unchanged, "sessions: limit unchanged at 100 MiB; evicted")]
    [InlineData(MaxMemoryChange.None, "sessions: limit 100 MiB; evicted")]
    public void A_limit_that_was_set_to_what_it_was_is_told_from_a_release(MaxMemoryChange change, string expected) =>
        Assert.StartsWith(
            expected, (Report(100L << 20) with { LimitChange = change }).ToString(), StringComparison.Ordinal);

    [Fact]
    public void A_raised_limit_reads_as_raised() => Assert.StartsWith(
        "sessions: limit raised 10 MiB -> 100 MiB; evicted",
        (Report(10L << 20) with { LimitChange = MaxMemoryChange.Raised }).ToString(),
        StringComparison.Ordinal);

    [Fact]
    public void Declared_sizes_are_units_and_no_bytes() => Assert.StartsWith(
        "sessions: limit 1,000 units -> 500 units; evicted 1,234,567 entries (123 units) in 83 ms; RSS 1.25 GiB",
        (Report(1000) with { Sizing = EntrySizing.Declared, NewMaxMemory = 500, BytesEvicted = 123 }).ToString(),
        StringComparison.Ordinal);

    [Fact]
    public void An_RSS_that_is_not_known_is_no_figure()
    {
        ShrinkReport report = Report(1) with
        {
            After = new ProcessMemorySnapshot { IsResidentUnknown = true, CommittedBytes = 141L << 20 },
        };

        Assert.Equal(0, report.ReleasedBytes);
        Assert.Contains("RSS 1.25 GiB -> unknown, committed", report.ToString(), StringComparison.Ordinal);
        Assert.StartsWith("RSS unknown, GC heap", report.After.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Released_bytes_are_resident_bytes() =>
        Assert.Equal((1280L << 20) - (141L << 20), Report(1).ReleasedBytes);

    [Fact]
    public void A_report_of_a_gentle_release_says_the_longest_pause() => Assert.EndsWith(
        "(321 ms in all, GC pause 150 ms, at most 12 ms at once)",
        (Report(1) with { ReleaseMode = ReleaseMode.Gentle, LongestGCPause = TimeSpan.FromMilliseconds(12) })
            .ToString(),
        StringComparison.Ordinal);

    [Fact]
    public void Who_builds_a_report_sets_what_it_needs() => Assert.Equal(
        "pages: limit 0 B; evicted 0 entries (0 B) in 0 ms; RSS 0 B -> 0 B, committed 0 B -> 0 B; NotRequested:  "
            + "(0 ms in all, GC pause 0 ms)",
        new ShrinkReport { CacheName = "pages" }.ToString());

    private static ShrinkReport Report(long oldMax) => new()
    {
        CacheName = "sessions",
        OldMaxMemory = oldMax,
        NewMaxMemory = 100L << 20,
        EntriesEvicted = 1_234_567,
        BytesEvicted = 924L << 20,
        UsedMemory = 100L << 20,
        Count = 7,
        EvictionTime = TimeSpan.FromMilliseconds(83.2),
        TotalTime = TimeSpan.FromMilliseconds(321),
        GCPause = TimeSpan.FromMilliseconds(149.8),
        Collections = 1,
        ReleaseMode = ReleaseMode.Full,
        Outcome = ReleaseOutcome.Released,
        Reason = "The process's memory fell.",
        Advice = [],
        Before = Snapshot(1280L << 20),
        After = Snapshot(141L << 20),
    };

    private static ProcessMemorySnapshot Snapshot(long residentBytes) => new()
    {
        ResidentBytes = residentBytes,
        AnonymousBytes = null,
        FileBytes = null,
        PeakResidentBytes = null,
        CommittedBytes = residentBytes,
        LiveBytes = 0,
        AllocatedBytes = 0,
        FragmentedBytes = 0,
        Source = "a test",
    };
}
