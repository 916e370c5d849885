using System.Runtime.CompilerServices;
using BoundedCache.Engine;

namespace BoundedCache.Tests.Engine;

/// <summary>What a sample of evicted values says of who still holds them.</summary>
public sealed class EvictedSampleTests
{
    [Fact]
    public void Values_that_somebody_holds_are_alive()
    {
        object[] held = [.. Enumerable.Range(0, 2000).Select(static _ => new object())];

        Assert.True(SampleOf(held, 0).IsMuchAlive());
        GC.KeepAlive(held);
    }

    [Fact]
    public void Values_of_several_entries_may_be_held_by_those_that_stay()
    {
        object[] shared = [.. Enumerable.Range(0, 200).Select(static _ => new object())];

        Assert.False(SampleOf(Enumerable.Repeat(shared[0], 400), 0).IsMuchAlive());
        Assert.False(SampleOf(shared.Concat(shared), 0).IsMuchAlive());
        Assert.True(SampleOf(shared.Concat(shared[..10]), 0).IsMuchAlive());
        GC.KeepAlive(shared);
    }

    [Fact]
    public void A_literal_is_not_held() => Assert.False(SampleOf(["a literal"], 0).IsMuchAlive());

    [Theory]
    [InlineData(20, true)]
    [InlineData(100, false)]
    public void A_quarter_of_the_bytes_is_much(int dead, bool expected)
    {
        object[] held = [.. Enumerable.Range(0, 10).Select(static _ => new object())];
        EvictedSample sample = SampleOf(held, dead);

        Assert.True(Eventually.True(() => sample.IsMuchAlive() == expected));
        GC.KeepAlive(held);
    }

    [Fact]
    public void Two_samples_are_one()
    {
        Assert.Null(EvictedSample.Combine(null, null));
        object[] held = [.. Enumerable.Range(0, 10).Select(static _ => new object())];

        Assert.True(EvictedSample.Combine(SampleOf(held, 0), SampleOf(["literal"], 0))!.IsMuchAlive());
        GC.KeepAlive(held);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static EvictedSample SampleOf(IEnumerable<object> values, int dead)
    {
        var sample = new EvictedSample();
        foreach (object value in values.Concat(Enumerable.Range(0, dead).Select(static _ => new object())))
        {
            if (sample.WantsNext())
            {
                sample.Add(value, 100);
            }
        }

        return sample;
    }
}
