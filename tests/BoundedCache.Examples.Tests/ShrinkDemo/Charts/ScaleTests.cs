using BoundedCache.Charts;

namespace BoundedCache.Examples.Tests.ShrinkDemo.Charts;

public class ScaleTests
{
    [Theory]
    [InlineData(0, "0, 1 B")]
    [InlineData(1L << 30, "0, 256 MiB, 512 MiB, 768 MiB, 1 GiB")]
    [InlineData(1500L << 20, "0, 256 MiB, 512 MiB, 768 MiB, 1 GiB, 1.25 GiB, 1.5 GiB")]
    [InlineData(100L << 20, "0, 16 MiB, 32 MiB, 48 MiB, 64 MiB, 80 MiB, 96 MiB")]
    public void Bytes_have_ticks_at_round_amounts_and_room_above(long largest, string ticks)
    {
        ByteScale scale = ByteScale.For(largest);

        Assert.Equal(ticks, string.Join(", ", scale.Ticks.Select(scale.Format)));
        Assert.True(scale.Maximum > largest);
    }

    [Theory]
    [InlineData(0, "0 s, 0.1 s, 0.2 s, 0.3 s, 0.4 s, 0.5 s, 0.6 s, 0.7 s, 0.8 s, 0.9 s, 1 s")]
    [InlineData(17, "0 s, 2 s, 4 s, 6 s, 8 s, 10 s, 12 s, 14 s, 16 s")]
    [InlineData(
        300,
        "0:00 min, 0:30 min, 1:00 min, 1:30 min, 2:00 min, 2:30 min, 3:00 min, 3:30 min, 4:00 min, 4:30 min, 5:00 min")]
    [InlineData(36000, "0:00 h, 1:00 h, 2:00 h, 3:00 h, 4:00 h, 5:00 h, 6:00 h, 7:00 h, 8:00 h, 9:00 h, 10:00 h")]
    public void Times_have_ticks_at_round_times(int seconds, string ticks)
    {
        TimeScale scale = TimeScale.For(TimeSpan.FromSeconds(seconds));

        Assert.Equal(ticks, string.Join(", ", scale.Ticks.Select(scale.Format)));
    }

    [Fact]
    public void Weeks_have_few_ticks_too() => Assert.InRange(TimeScale.For(TimeSpan.FromDays(365)).Ticks.Count, 2, 11);
}
