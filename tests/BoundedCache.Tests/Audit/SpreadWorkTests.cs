using BoundedCache.Entries;

namespace BoundedCache.Tests.Audit;

/// <summary>Work that is done once is charged to what follows: all of it, and no piece bears much.</summary>
public sealed class SpreadWorkTests
{
    [Fact]
    public void A_piece_bears_an_eighth_of_its_own_time_until_nothing_is_owed()
    {
        var compiling = new SpreadWork();
        Assert.Equal(0.002 / 8, compiling.Spread(once: 0.05, worked: 0.002), 9);
        Assert.Equal(0.05 - (0.002 / 8), compiling.Spread(once: 0, worked: 10), 9);
        Assert.Equal(0, compiling.Spread(once: 0, worked: 10));
    }

    [Fact]
    public void Without_other_work_it_stays_owed()
    {
        var compiling = new SpreadWork();
        Assert.Equal(0, compiling.Spread(once: 0.05, worked: 0));
        Assert.Equal(0, compiling.Spread(once: 0.03, worked: 0));
        Assert.Equal(0.08, compiling.Spread(once: 0, worked: 1), 9);
    }
}
