using BoundedCache.Entries;
using BoundedCache.Sizing;

namespace BoundedCache.Tests.Audit;

/// <summary>What values share: one walk says that it is next to nothing only where two would say the same.</summary>
public sealed class SharedBytesTests
{
    [Fact]
    public void Where_one_walk_is_enough_two_find_no_value_that_shares_more()
    {
        var measurer = new ObjectMeasurer();
        (int single, int both) = (0, 0);
        for (int seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            byte[][] parts = [.. Enumerable.Range(0, 40).Select(_ => new byte[random.Next(10, 3000)])];
            SizedValue[] values = [.. Enumerable.Range(0, random.Next(2, 12)).Select(_ => Make(random.Next(1, 6)))];
            List<SizedValue> others = [.. Enumerable.Range(0, random.Next(0, 4)).Select(_ => Make(random.Next(1, 6)))];
            long negligible = random.Next(0, 8000);

            var quick = SharedBytes.Find(values, others, negligible, default);
            var whole = SharedBytes.Find(values, others, negligible: -1, default);
            Assert.Equal(whole.Count, quick.Count);
            if (quick.TogetherBytes == 0)
            {
                single++;
                Assert.All(Enumerable.Range(0, whole.Count), i => Assert.InRange(whole[i], 0, negligible));
            }
            else
            {
                both++;
                Assert.Equal(whole.TogetherBytes, quick.TogetherBytes);
                Assert.Equal(whole.IsByMany, quick.IsByMany);
                Assert.All(Enumerable.Range(0, whole.Count), i => Assert.Equal(whole[i], quick[i]));
            }

            SizedValue Make(int count)
            {
                List<byte[]> value = [.. Enumerable.Range(0, count).Select(_ => parts[random.Next(parts.Length)])];
                return new SizedValue(value, measurer.Measure(value, out _));
            }
        }

        Assert.InRange(single, 50, 250);
        Assert.InRange(both, 50, 250);
    }
}
