using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Tests;

public sealed class PriorityTests
{
    [Fact]
    public void Lower_priorities_are_evicted_first_and_within_one_the_least_recently_used()
    {
        using CacheUnderTest test = CacheUnderTest.OfEntries(8);
        foreach (CacheItemPriority priority in (CacheItemPriority[])[
            CacheItemPriority.NeverRemove, CacheItemPriority.High, CacheItemPriority.Normal, CacheItemPriority.Low])
        {
            test.Set($"{priority} 1", 1, entry => entry.Priority = priority);
            test.Set($"{priority} 2", 2, entry => entry.Priority = priority);
        }

        List<string> order = [];
        for (int max = 7; max > 0; max--)
        {
            test.Cache.MaxMemory = max;
            order.AddRange(test.TakeDepartures().Select(static departure => (string)departure.Key));
        }

        Assert.Equal(["Low 1", "Low 2", "Normal 1", "Normal 2", "High 1", "High 2", "NeverRemove 1"], order);
    }

    [Fact]
    public void Compaction_spares_NeverRemove_and_the_limit_does_not()
    {
        using CacheUnderTest test = CacheUnderTest.OfEntries(3);
        test.Set("kept", 1, static entry => entry.Priority = CacheItemPriority.NeverRemove);
        test.Set("other", 2);
        test.Cache.Compact(1);
        Assert.Equal(["kept"], test.Cache.Keys);

        test.Set("large", 3, static entry => (entry.Size, entry.Priority) = (3, CacheItemPriority.Low));
        Assert.Equal(["large"], test.Cache.Keys);
    }

    [Fact]
    public void NeverRemove_can_expire_and_be_removed()
    {
        using CacheUnderTest test = CacheUnderTest.OfEntries(3);
        test.Set("expires", 1, static entry =>
            entry.SetPriority(CacheItemPriority.NeverRemove).SetAbsoluteExpiration(TimeSpan.FromSeconds(1)));
        test.Set("removed", 2, static entry => entry.Priority = CacheItemPriority.NeverRemove);
        test.Time.Advance(TimeSpan.FromSeconds(1));
        test.Cache.Remove("removed");

        Assert.False(test.Has("expires"));
        Assert.False(test.Has("removed"));
    }

    [Fact]
    public void A_new_entry_may_be_evicted_by_the_next_before_older_ones_of_higher_priority()
    {
        using CacheUnderTest test = CacheUnderTest.OfEntries(2);
        test.Set("high", 1, static entry => entry.Priority = CacheItemPriority.High);
        test.Set("low", 2, static entry => entry.Priority = CacheItemPriority.Low);
        test.Set("new", 3);

        Assert.Equal([("low", 2, EvictionReason.Capacity)], test.TakeDepartures());
    }
}
