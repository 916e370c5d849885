namespace BoundedCache.Tests;

public sealed class ByteSizeTests
{
    private static readonly long s_available = GC.GetGCMemoryInfo(GCKind.Any).TotalAvailableMemoryBytes;

    [Theory]
    [InlineData("0", 0)]
    [InlineData("1048576", 1_048_576)]
    [InlineData("7b", 7)]
    [InlineData("512k", 512 << 10)]
    [InlineData("512KB", 512 << 10)]
    [InlineData("100MB", 100 << 20)]
    [InlineData("100mib", 100 << 20)]
    [InlineData(" 1.5 GiB ", 3L << 29)]
    [InlineData(".5k", 512)]
    [InlineData("1.k", 1024)]
    [InlineData("2T", 2L << 40)]
    [InlineData("3pib", 3L << 50)]
    [InlineData("1.0", 1)]
    [InlineData("0.0001k", 0)]
    [InlineData("9223372036854775807", long.MaxValue)]
    [InlineData("8191.99P", 9_223_360_777_855_707_382)]
    public void Amounts_are_read_in_powers_of_1024(string text, long bytes)
    {
        Assert.True(ByteSize.TryParse(text, out long read));
        Assert.Equal(bytes, read);
    }

    [Theory]
    [InlineData("")]
    [InlineData("  ")]
    [InlineData(".")]
    [InlineData("MB")]
    [InlineData("-1")]
    [InlineData("+1")]
    [InlineData("1e3")]
    [InlineData("1,5k")]
    [InlineData("1.2.3k")]
    [InlineData("1.5")]
    [InlineData("1.5B")]
    [InlineData("10 bytes")]
    [InlineData("10bb")]
    [InlineData("10bib")]
    [InlineData("10XB")]
    [InlineData("10 M B")]
    [InlineData("0x10")]
    [InlineData("١٠")]
    [InlineData("NaN")]
    public void Anything_else_is_refused(string text)
    {
        Assert.False(ByteSize.TryParse(text, out long read));
        Assert.Equal(0, read);
    }

    [Theory]
    [InlineData("9223372036854775808")]
    [InlineData("8192P")]
    [InlineData("8388608T")]
    [InlineData("79228162514264337593543950336")]
    [InlineData("999999999999999999999999999999999999999999999P")]
    public void More_than_64_bits_hold_is_refused(string text) => Assert.False(ByteSize.TryParse(text, out _));

    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(1, "1 B")]
    [InlineData(999, "999 B")]
    [InlineData(1000, "0.98 KiB")]
    [InlineData(1024, "1 KiB")]
    [InlineData(10_240, "10 KiB")]
    [InlineData(1_288_490_189, "1.2 GiB")]
    [InlineData(1_342_177_280, "1.25 GiB")]
    [InlineData(13_421_773, "12.8 MiB")]
    [InlineData(104_857_600, "100 MiB")]
    [InlineData(1_048_000_000, "999 MiB")]
    [InlineData(1_048_575_999, "0.98 GiB")]
    [InlineData(-1_342_177_280, "-1.25 GiB")]
    [InlineData(long.MaxValue, "8192 PiB")]
    [InlineData(long.MinValue, "-8192 PiB")]
    public void Amounts_are_written_with_three_digits(long bytes, string text) =>
        Assert.Equal(text, ByteSize.Format(bytes));

    [Theory]
    [InlineData("25%", 4)]
    [InlineData(" 12.5 % ", 8)]
    [InlineData("100%", 1)]
    public void A_percentage_is_of_the_memory_that_is_available(string text, int divisor)
    {
        Assert.True(ByteSize.TryParse(text, out long bytes));
        Assert.Equal(s_available / divisor, bytes);
        Assert.Equal(bytes, ByteSize.Parse(text));
    }

    [Theory]
    [InlineData("0%")]
    [InlineData("-5%")]
    [InlineData("100.1%")]
    [InlineData("1e1%")]
    [InlineData("%")]
    [InlineData("25%%")]
    [InlineData("25% MB")]
    public void A_percentage_that_is_none_is_refused(string text)
    {
        Assert.False(ByteSize.TryParse(text, out long bytes));
        Assert.Equal(0, bytes);
    }

    [Fact]
    public void The_smallest_percentage_is_a_byte() => Assert.Equal(1, ByteSize.Parse("0.0000000000000000000000001%"));

    [Fact]
    public void A_text_that_is_no_amount_is_an_error_that_says_what_is_expected()
    {
        Assert.Equal(3L << 29, ByteSize.Parse("1.5 GiB"));

        FormatException error = Assert.Throws<FormatException>(static () => ByteSize.Parse("lots"));

        Assert.Equal(
            "Expected a whole number of bytes (1048576), a number with a unit (100MB, 1.5 GiB) or a percentage above "
                + "0% and up to 100% (25%), got 'lots'.",
            error.Message);
    }

    [Theory]
    [InlineData(0.25, 4)]
    [InlineData(0.5, 2)]
    [InlineData(1, 1)]
    public void A_share_is_of_the_memory_that_is_available(double share, int divisor) =>
        Assert.Equal(s_available / divisor, ByteSize.ShareOfAvailable(share));

    [Fact]
    public void A_share_and_a_percentage_that_say_the_same_are_the_same()
    {
        for (int percent = 1; percent <= 100; percent++)
        {
            Assert.Equal(ByteSize.Parse($"{percent}%"), ByteSize.ShareOfAvailable(percent / 100.0));
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-0.1)]
    [InlineData(1.01)]
    [InlineData(25)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void A_share_that_is_none_is_refused(double share) => Assert.Contains(
        string.Create(
            System.Globalization.CultureInfo.InvariantCulture,
            $"Expected a share above 0 and up to 1, such as 0.25 for a quarter, got {share}."),
        Assert.Throws<ArgumentOutOfRangeException>(nameof(share), () => ByteSize.ShareOfAvailable(share)).Message,
        StringComparison.Ordinal);
}
