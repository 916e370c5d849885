namespace BoundedCache.Packages.Tests;

/// <summary>What happens where a test lacks something.</summary>
public sealed class SkipTests
{
    [Fact]
    public void What_is_missing_fails_in_CI_and_is_skipped_elsewhere()
    {
        ConsumerTests.Skip("this is only tried", ci: null);
        Assert.Contains(
            "nothing is skipped, but this is only tried",
            Assert.ThrowsAny<Exception>(static () => ConsumerTests.Skip("this is only tried", ci: "true")).Message,
            StringComparison.Ordinal);
    }
}
