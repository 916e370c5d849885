using BoundedCache.ShrinkDemo.Workloads;

namespace BoundedCache.Examples.Tests.ShrinkDemo.Workloads;

public class StampedValueTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(8)]
    [InlineData(11)]
    [InlineData(16)]
    [InlineData(1024)]
    public void A_value_of_any_size_matches_its_own_stamp(int size)
    {
        byte[] value = StampedValue.Create(size, 0x0123456789abcdef);

        Assert.Equal(size, value.Length);
        Assert.True(StampedValue.Matches(value, 0x0123456789abcdef));
    }

    [Fact]
    public void Every_byte_of_a_value_is_written() =>
        Assert.DoesNotContain((byte)0, StampedValue.Create(100_000, 0x0101010101010101));

    [Theory]
    [InlineData(1)]
    [InlineData(8)]
    [InlineData(1024)]
    public void A_value_does_not_match_another_stamp(int size) =>
        Assert.False(StampedValue.Matches(StampedValue.Create(size, 1), 2));

    [Fact]
    public void A_value_that_is_half_of_another_matches_neither()
    {
        byte[] value = StampedValue.Create(1024, 1);
        StampedValue.Create(1024, 2).AsSpan(512).CopyTo(value.AsSpan(512));

        Assert.False(StampedValue.Matches(value, 1));
        Assert.False(StampedValue.Matches(value, 2));
    }
}
