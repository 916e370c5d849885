namespace BoundedCache.Tests;

public sealed class ByteSizeTests
{
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
}
