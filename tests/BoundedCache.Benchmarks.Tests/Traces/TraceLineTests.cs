using BoundedCache.Harness.Traces;

namespace BoundedCache.Benchmarks.Tests.Traces;

public class TraceLineTests
{
    [Theory]
    [InlineData("a 1", "a", 1)]
    [InlineData("1700000000 a 1", "a", 1)]
    [InlineData("12.5 a 1", "a", 1)]
    [InlineData("  a\t \t7  \r", "a", 7)]
    [InlineData("123 456", "123", 456)]
    [InlineData("ключ 0", "ключ", 0)]
    [InlineData("a 9223372036854775807", "a", long.MaxValue)]
    public void Two_fields_are_key_and_size_and_three_have_a_time_before_them(string line, string key, long size)
    {
        Assert.True(TraceLine.TryParse(line, out TraceRequest request));
        Assert.Equal(new TraceRequest(key, size), request);
    }

    [Theory]
    [InlineData("a")]
    [InlineData("a b")]
    [InlineData("a -1")]
    [InlineData("a 1.5")]
    [InlineData("a 1KB")]
    [InlineData("a 9223372036854775808")]
    [InlineData("now a 1")]
    [InlineData("1 a 1 GET")]
    public void Anything_else_is_malformed(string line) => Assert.False(TraceLine.TryParse(line, out _));

    [Fact]
    public void A_key_alone_is_a_request_where_its_size_is_known_without_it()
    {
        Assert.True(TraceLine.TryParse("a", out TraceRequest request, sizeOfKeysAlone: 7));
        Assert.Equal(new TraceRequest("a", 7), request);
        Assert.True(TraceLine.TryParse("a 1", out request, sizeOfKeysAlone: 7));
        Assert.Equal(new TraceRequest("a", 1), request);
        Assert.False(TraceLine.TryParse("now a 1", out _, sizeOfKeysAlone: 7));
    }

    [Theory]
    [InlineData("", true)]
    [InlineData(" \t\r", true)]
    [InlineData("# a 1", true)]
    [InlineData("  # a 1", true)]
    [InlineData("a# 1", false)]
    public void Blank_lines_and_comments_are_skipped(string line, bool skipped) =>
        Assert.Equal(skipped, TraceLine.IsSkipped(line));

    [Fact]
    public void A_quoted_line_is_short_and_cannot_move_the_cursor() =>
        Assert.Equal("?[31m" + new string('x', 55) + "…", TraceLine.Quote("\u001b[31m" + new string('x', 500)));
}
