using BoundedCache.Process;
using BoundedCache.Report;

namespace BoundedCache.Tests.Report;

/// <summary>How the managed heap is divided; in units of whatever.</summary>
public sealed class HeapAttributionTests
{
    private static GCReading Last(long heap, long fragmented) =>
        new() { Index = 9, HeapBytes = heap, FragmentedBytes = fragmented };

    private static (long Cache, long Other, long Dead, long Fragmented, long Unused) Parts(HeapAttribution parts) =>
        (parts.CacheBytes, parts.OtherLiveBytes, parts.DeadBytes, parts.FragmentedBytes, parts.UnusedBytes);

    [Fact]
    public void What_survived_is_live_save_what_caches_let_go_and_what_is_new_is_dead() =>
        Assert.Equal(
            (400, 60, 140, 50, 350),
            Parts(HeapAttribution.Estimate(1000, 600, Last(550, 50), new CacheShare { Bytes = 400, DeadBytes = 40 })));

    [Fact]
    public void What_is_in_a_cache_is_live_however_young() =>
        Assert.Equal(
            (550, 0, 50, 50, 350),
            Parts(HeapAttribution.Estimate(1000, 600, Last(150, 50), new CacheShare { Bytes = 550 })));

    [Fact]
    public void Before_the_first_collection_nothing_is_known_to_be_dead() =>
        Assert.Equal(
            (10, 590, 0, 0, 400), Parts(HeapAttribution.Estimate(1000, 600, default, new CacheShare { Bytes = 10 })));

    [Fact]
    public void What_a_collection_found_live_is_live() =>
        Assert.Equal(
            (100, 200, 300, 50, 350),
            Parts(HeapAttribution.Measure(1000, 600, 50, 300, new CacheShare { Bytes = 100, DeadBytes = 77 })));

    [Fact]
    public void Holes_that_were_filled_since_are_no_holes() =>
        Assert.Equal((0, 500, 450, 50, 0), Parts(HeapAttribution.Estimate(1000, 950, Last(800, 300), default)));

    [Theory]
    [InlineData(0, 600, 550, 100)]
    [InlineData(100, 600, 550, 400)]
    [InlineData(1000, 0, 5000, 400)]
    [InlineData(1000, 600, 100, 5000)]
    [InlineData(1000, -1, -1, -1)]
    public void Whatever_the_figures_the_parts_add_up_and_none_is_negative(
        long heap, long allocated, long survivors, long cache)
    {
        var share = new CacheShare { Bytes = cache, DeadBytes = 300 };
        foreach (HeapAttribution parts in (HeapAttribution[])
            [
                HeapAttribution.Estimate(heap, allocated, Last(survivors, 20), share),
                HeapAttribution.Measure(heap, allocated, 20, survivors, share),
            ])
        {
            (long c, long o, long d, long f, long u) = Parts(parts);
            Assert.Equal(heap, c + o + d + f + u);
            Assert.All([c, o, d, f, u], static part => Assert.True(part >= 0));
        }
    }
}
