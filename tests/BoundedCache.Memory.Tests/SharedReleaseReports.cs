using BoundedCache.MemoryScenarios;

namespace BoundedCache.Memory.Tests;

/// <summary>
/// What reports say where several changes of a limit share releases: some released, the others were skipped for a
/// reason, and none has anything to complain of.
/// </summary>
internal static class SharedReleaseReports
{
    public static void AssertOfTwo(ScenarioResult result)
    {
        ScenarioResult[] reports = [result.Earlier!, result];
        Assert.Contains(reports, static report => report.Outcome == ReleaseOutcome.Released);
        Assert.All(reports, static report =>
        {
            Assert.Empty(report.Advice);
            Assert.True(
                report.Outcome == ReleaseOutcome.Released || IsSkippedFor(report.Reason, report.Outcome),
                $"{report.Outcome}: {report.Reason}");
        });
    }

    private static bool IsSkippedFor(string reason, ReleaseOutcome outcome) =>
        outcome == ReleaseOutcome.Skipped
        && (reason.StartsWith("Memory was released a moment ago", StringComparison.Ordinal)
            || reason.StartsWith("Only ", StringComparison.Ordinal));
}
