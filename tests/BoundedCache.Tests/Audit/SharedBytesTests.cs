using BoundedCache.Entries;
using BoundedCache.Sizing;

namespace BoundedCache.Tests.Audit;

/// <summary>What values share.</summary>
public sealed class SharedBytesTests
{
    [Fact]
    public void No_value_shares_more_than_the_joint_walk_came_to_again()
    {
        var measurer = new ObjectMeasurer();
        int sharing = 0;
        for (int seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            byte[][] parts = [.. Enumerable.Range(0, 40).Select(_ => new byte[random.Next(10, 3000)])];
            SizedValue[] values = [.. Enumerable.Range(0, random.Next(2, 12)).Select(_ => Make())];
            List<SizedValue> others = [.. Enumerable.Range(0, random.Next(0, 4)).Select(_ => Make())];

            var walk = new JointWalk();
            long again = values.Concat(others).Sum(value => value.Bytes - walk.CountNew(value.Value, default)!.Value);
            walk.End();
            var shared = SharedBytes.Find(values, others, default);
            long[] parted = [.. Enumerable.Range(0, shared.Count).Select(i => shared[i])];
            Assert.All(parted, bytes => Assert.InRange(bytes, 0, again));
            sharing += parted.Any(static bytes => bytes > 0) ? 1 : 0;

            SizedValue Make()
            {
                List<byte[]> value =
                    [.. Enumerable.Range(0, random.Next(1, 6)).Select(_ => parts[random.Next(parts.Length)])];
                return new SizedValue(value, measurer.Measure(value, out _));
            }
        }

        Assert.InRange(sharing, 100, 290);
    }

    [Fact]
    public void Of_more_than_the_joint_walk_remembers_it_says_nothing()
    {
        var walk = new JointWalk();
        object[] many = [.. Enumerable.Range(0, 70_000).Select(static _ => new object())];
        Assert.Null(walk.CountNew(many, default));
        Assert.Null(walk.CountNew(new List<string>(), default));
        walk.End();
        Assert.Equal(32, walk.CountNew(new List<string>(), default));
        walk.End();
    }
}
