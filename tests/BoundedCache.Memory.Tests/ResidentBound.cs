using BoundedCache.MemoryScenarios;

namespace BoundedCache.Memory.Tests;

/// <summary>
/// The promise on RSS after a shrink: at most 1.10 times what is meant to stay, and 10 MB, above an empty process.
/// </summary>
internal static class ResidentBound
{
    private const long SlackBytes = 10_000_000;

    public static void AssertHolds(ScenarioResult result)
    {
        long bound = (long)(1.10 * result.LiveBytes) + SlackBytes;
        Assert.True(
            result.AboveEmptyBytes <= bound,
            $"{result.AboveEmptyBytes:N0} bytes above an empty process, where {result.LiveBytes:N0} live bytes allow "
                + $"{bound:N0}. {result}");
    }

    /// <summary>
    /// What was to leave was there before. Within 5 %: an empty process has some MB that it gives back later on, other
    /// ones on each machine. How true charges are is for <see cref="AccountingTests"/>.
    /// </summary>
    public static void AssertWasFull(ScenarioResult result, long maxBytes) =>
        Assert.InRange(result.BeforeBytes - result.EmptyBytes, (long)(0.95 * maxBytes), long.MaxValue);

    /// <summary>The memory did not leave, and the report does not claim that it did.</summary>
    public static void AssertPartial(ScenarioResult result, string advice)
    {
        Assert.True(result.Outcome == ReleaseOutcome.Partial, result.Reason);
        Assert.Contains(result.Advice, sentence => sentence.Contains(advice, StringComparison.Ordinal));
        Assert.InRange(result.AboveEmptyBytes, (long)(1.10 * result.LiveBytes) + SlackBytes, long.MaxValue);
        Assert.InRange(result.Collections, 0, 2);
    }

    public static void AssertReleased(ScenarioResult result)
    {
        AssertHolds(result);
        Assert.True(result.Outcome == ReleaseOutcome.Released, result.Reason);
        Assert.Empty(result.Advice);
    }
}
