using BoundedCache.ExplainRss.Causes;
using BoundedCache.TestSupport;

namespace BoundedCache.Examples.Tests.ExplainRss;

/// <summary>The example's README.</summary>
public sealed class ReadmeTests
{
    [Fact]
    public void Every_cause_is_in_the_README()
    {
        string readme = File.ReadAllText(Path.Combine(SourceTree.FindRoot(), "examples", "ExplainRss", "README.md"));

        Assert.All(Cause.All, cause => Assert.Contains($"`{cause.Name}`", readme, StringComparison.Ordinal));
    }
}
