using BoundedCache.Hosting;

namespace BoundedCache.Tests.Hosting;

public sealed class ConfiguredLimitTests
{
    private static readonly long s_available = GC.GetGCMemoryInfo(GCKind.Any).TotalAvailableMemoryBytes;

    [Theory]
    [InlineData("1", 1)]
    [InlineData("536870912", 512 << 20)]
    [InlineData("512MB", 512 << 20)]
    [InlineData(" 512 mib ", 512 << 20)]
    [InlineData("1.5GiB", 3L << 29)]
    public void An_amount_is_bytes(string text, long bytes) => Assert.Equal(bytes, Parse(text).Bytes);

    [Theory]
    [InlineData("25%", 25)]
    [InlineData("12.5 %", 12.5)]
    [InlineData("100%", 100)]
    public void A_share_is_of_the_memory_available_to_the_process(string text, double percent) =>
        Assert.InRange(
            Parse(text).Bytes, (long)(s_available * percent / 100) - 1, (long)(s_available * percent / 100) + 1);

    [Fact]
    public void The_smallest_share_is_a_byte() => Assert.Equal(1, Parse("0.0000000000000000000000001%").Bytes);

    [Theory]
    [InlineData("1GB", "1024 MiB")]
    [InlineData("25%", "25.0 %")]
    public void The_same_in_other_words_is_equal(string one, string other) => Assert.Equal(Parse(one), Parse(other));

    [Fact]
    public void A_share_is_not_the_amount_that_it_is_just_now() => Assert.NotEqual(
        Parse("50%"), Parse(Parse("50%").Bytes.ToString(System.Globalization.CultureInfo.InvariantCulture)));

    private static ConfiguredLimit Parse(string text)
    {
        Assert.True(ConfiguredLimit.TryParse(text, out ConfiguredLimit limit));
        return limit;
    }
}
