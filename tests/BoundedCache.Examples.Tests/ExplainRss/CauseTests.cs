using BoundedCache.ExplainRss.Causes;

namespace BoundedCache.Examples.Tests.ExplainRss;

/// <summary>
/// Every cause in a process of its own: that the report adds up to RSS, puts the bytes where they were built, and
/// names the cause and no other.
/// </summary>
public sealed class CauseTests(AllCauses all) : IClassFixture<AllCauses>
{
    private const double AllowedShare = 0.03;

    /// <summary>
    /// The row, or the part of the native row, that must grow by what was built, with the share of it that must arrive
    /// there and the share by which it may be more.
    /// </summary>
    private static readonly Dictionary<string, (string Row, string? Part, double Least, double Most)> s_growth = new()
    {
        // Only 100 of 101 shares of the limit are filled: an entry more would not fit.
        ["healthy"] = ("cache", null, 0.98, 1.0),
        ["busy"] = ("cache", null, 0.98 / 4, 1.0 / 4),
        ["live"] = ("otherLive", null, 0.93, 1.05),

        // All that was let go, which is nine tenths of the limit, and what had to make room before that.
        ["dead"] = ("dead", null, 0.88, 1.15),
        ["finalizers"] = ("dead", null, 0.96, 1.05),

        // Nine tenths of 1,024 bytes each are pinned or dropped; what lies before the first pin
        // in a region is given up.
        ["pins"] = ("fragmentation", null, 0.90, 1.02),
        ["fragmentation"] = ("fragmentation", null, 0.63, 0.70),

        // The runtime gives some back as soon as the peak is over.
        ["peak"] = ("unused", null, 0.60, 1.05),

        // Beside the compiler's own memory, which grows by some MB while a young process runs.
        ["native"] = ("native", null, 0.99, 1.05),
        ["native-freed"] = ("native", "native allocator, freed", 0.97, 1.03),
        ["threads"] = ("native", "stacks", 0.97, 1.05),
        ["mapped-file"] = ("fileMapped", null, 0.99, 1.02),
        ["shared-memory"] = ("native", "shared memory", 0.99, 1.02),
        ["huge-pages"] = ("native", null, 0.99, 1.06),
    };

    public static TheoryData<string> Names => [.. Cause.All.Select(static cause => cause.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_cause_is_named_and_its_bytes_are_where_it_put_them(string name)
    {
        if (!OperatingSystem.IsLinux() || (name == "huge-pages" && !HugePages.IsPossible))
        {
            return;
        }

        Explanation explanation = all.Explanations[name];

        Assert.Empty(explanation.FindingsWhenEmpty);
        AssertAddsUp(explanation);
        AssertGrew(explanation, s_growth[name]);
        string[] expected = name switch
        {
            "healthy" or "busy" => [],

            // Huge pages are native memory too.
            "huge-pages" => ["nativeInUse", "hugePages"],
            _ => [explanation.ExpectedFinding!],
        };
        Assert.True(expected.SequenceEqual(explanation.Findings), explanation.Text);
    }

    [Theory]
    [InlineData("DOTNET_GCRetainVM", "1", "retainVM")]
    [InlineData("DOTNET_gcServer", "1", "serverGC")]
    [InlineData("DOTNET_GCName", "libclrgc.so", "replacedCollector")]
    public async Task A_setting_that_keeps_empty_memory_is_named(string setting, string value, string finding)
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        Explanation explanation = await ExplainProcess.ExplainAsync("peak", (setting, value));

        Assert.Empty(explanation.FindingsWhenEmpty);
        Assert.True(explanation.Findings.SequenceEqual([finding]), explanation.Text);
        AssertAddsUp(explanation);

        // Segments give more back at once than regions do, and the more the longer the report is waited for.
        AssertGrew(
            explanation, finding == "replacedCollector" ? s_growth["peak"] with { Least = 0.3 } : s_growth["peak"]);
    }

    [Theory]
    [InlineData("DOTNET_gcServer", "1")]
    [InlineData("DOTNET_GCName", "libclrgc.so")]
    public async Task A_healthy_process_has_nothing_to_do_under_other_collectors_too(string setting, string value)
    {
        if (OperatingSystem.IsLinux())
        {
            await ExplainWithoutFindingsAsync("healthy", setting, value);
        }
    }

    /// <summary>
    /// A process that allocates waits with 100 MiB of garbage for its next collection, and has
    /// as much room right after.
    /// </summary>
    [Theory]
    [InlineData("DOTNET_GCgen0size", "10000000")]
    [InlineData("DOTNET_gcServer", "1")]
    public async Task A_busy_process_has_nothing_to_do_however_much_room_it_has_for_new_objects(
        string setting, string value)
    {
        if (OperatingSystem.IsLinux())
        {
            // The moment may be right after a collection, but hardly each time.
            for (int tries = 1; ; tries++)
            {
                Explanation explanation = await ExplainWithoutFindingsAsync("busy", setting, value);
                if (tries == 5)
                {
                    Assert.InRange(explanation.Growth("dead"), 20_000_000, long.MaxValue);
                }

                if (explanation.Growth("dead") >= 20_000_000)
                {
                    return;
                }
            }
        }
    }

    private static async Task<Explanation> ExplainWithoutFindingsAsync(string cause, string setting, string value)
    {
        Explanation explanation = await ExplainProcess.ExplainAsync(cause, (setting, value));
        Assert.True(explanation.Findings.Count == 0, explanation.Text);
        AssertAddsUp(explanation);
        return explanation;
    }

    [Fact]
    public void Every_cause_that_a_report_can_name_is_built_by_some_test() => Assert.Equal(
        Enum.GetValues<MemoryReportCause>().Except([
            MemoryReportCause.RetainVM,
            MemoryReportCause.ServerGC,
            MemoryReportCause.ReplacedCollector,
            MemoryReportCause.HeapLimit,
            MemoryReportCause.UncountedValues,
            MemoryReportCause.PinnedHeap,
            MemoryReportCause.LargeObjectHoles,
            MemoryReportCause.MemoryPressure]),
        Cause.All.Select(static cause => cause.Finding).OfType<MemoryReportCause>().Order());

    /// <summary>
    /// The rows against another count of the kernel's, which it keeps as it goes. Memory may leave between the
    /// readings, so two of them are the bounds.
    /// </summary>
    private static void AssertAddsUp(Explanation explanation)
    {
        (long before, long after) = explanation.StatusBytes;
        Assert.InRange(
            explanation.SumOfRows,
            Math.Min(before, after) * (1 - AllowedShare),
            Math.Max(before, after) * (1 + AllowedShare));
    }

    private static void AssertGrew(
        Explanation explanation, (string Row, string? Part, double Least, double Most) expected)
    {
        long grown = expected.Part is null ? explanation.Growth(expected.Row) : explanation.GrowthOfPart(expected.Part);
        double share = grown / (double)explanation.SizeBytes;
        Assert.True(
            share >= expected.Least && share <= expected.Most,
            $"{expected.Row} {expected.Part} grew by {share:0.000} of what was built. {explanation.Text}");
    }
}
