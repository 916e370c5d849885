using BoundedCache.MemoryScenarios;
using BoundedCache.Release;

namespace BoundedCache.Memory.Tests;

/// <summary>How long a release waits for what does not end.</summary>
internal static class ReleaseBounds
{
    /// <summary>
    /// It waited, and it came to an end: without a bound it would not have, and its process would have been killed. How
    /// long it took says nothing more on a machine that is busy, so that the bounds are the two seconds that are
    /// promised is read from themselves.
    /// </summary>
    public static void AssertWaited(ScenarioResult result)
    {
        var limits = new ReleaseThresholds();
        Assert.Equal((TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(2)), (limits.CallbackPatience, limits.Finalizers));
        Assert.InRange(result.DurationMilliseconds, 1900, double.MaxValue);
    }
}
