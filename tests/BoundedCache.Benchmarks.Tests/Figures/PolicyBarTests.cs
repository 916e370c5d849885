using BoundedCache.Figures.Figures;

namespace BoundedCache.Benchmarks.Tests.Figures;

/// <summary>What the figure on policies says about its bars.</summary>
public sealed class PolicyBarTests
{
    private static readonly string[] s_names = ["ScanResistant", "LRU", "MemoryCache", "FastConcurrentLru"];

    [Theory]
    [InlineData(10_000, 1, 34, "ScanResistant 0.34 <= 0.35 x MemoryCache: met")]
    [InlineData(10_000, 1, 36, "ScanResistant 0.36 <= 0.35 x MemoryCache: not met")]
    [InlineData(10_000, 2, 36, "ScanResistant 0.36 <= 0.38 x MemoryCache: met")]
    [InlineData(1_000_000, 2, 53, "ScanResistant 0.53 <= 0.52 x MemoryCache: not met")]
    [InlineData(5, 1, 53, "")]
    public void A_ratio_stands_beside_its_bar(int entries, int threads, double time, string expected) =>
        Assert.Equal(
            expected, PolicyBar.Judge("hits", entries, threads, "MemoryCache", s_names, [time, 50, 100, 40]));

    [Fact]
    public void Read_through_is_judged_by_its_hit_ratio_too()
    {
        double[] answer = [80, 90, 0, 100, 0.91, 0.90, 0, 0.92];

        Assert.Equal(
            "ScanResistant 0.80 <= 0.85 x FastConcurrentLru: met; hit ratio >= its: not met",
            PolicyBar.Judge("mix", 20_000, 1, "FastConcurrentLru", s_names, answer));
        Assert.Equal("", PolicyBar.Judge("mix", 20_000, 1, "ScanResistant", s_names, answer));
    }
}
