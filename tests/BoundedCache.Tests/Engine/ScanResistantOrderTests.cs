using BoundedCache.Engine;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Tests.Engine;

/// <summary>The scan-resistant order by itself, and what an entry without a size does in it.</summary>
public sealed class ScanResistantOrderTests
{
    private const int Entries = 1000;

    private readonly SlotStore _store = new(keepsTimes: true);
    private readonly ScanResistantOrder _order;

    public ScanResistantOrderTests()
    {
        _store.EnsureChunk(0, SlotStore.ChunkSize);
        _order = new ScanResistantOrder(_store);
    }

    [Fact]
    public void Each_entry_that_is_looked_at_for_a_victim_is_a_step()
    {
        for (int index = 1; index <= Entries; index++)
        {
            Add(index, charge: 1);
            _store.Slot(index).Mark = Slot.MaxMark;
        }

        int steps = Entries;
        int victim = _order.NextVictim(CacheItemPriority.Normal, EvictionOrder.None, ref steps);

        Assert.NotEqual(EvictionOrder.None, victim);
        Assert.Equal(Entries - ScanResistantOrder.MaxSteps, steps);
        Assert.Null(_order.FindFault());
    }

    [Fact]
    public void Entries_without_a_size_leave_when_they_are_the_oldest()
    {
        for (int index = 1; index <= Entries; index += 2)
        {
            Add(index, charge: 0);
            Add(index + 1, charge: 4);
        }

        List<int> victims = Evict(Entries / 2);

        Assert.InRange(victims.Count(index => _store.Node(index).Charge == 0), Entries / 8, Entries / 2);
        Assert.Null(_order.FindFault());
    }

    [Fact]
    public void An_entry_that_lost_its_size_does_not_keep_those_behind_it()
    {
        for (int index = 1; index <= Entries; index += 2)
        {
            Add(index, charge: 3);
            Add(index + 1, charge: 4);
        }

        _order.UpdateCharge(1, 0, CacheItemPriority.Normal);
        List<int> victims = Evict(Entries / 2);

        Assert.Contains(1, victims);
        Assert.InRange(victims.Count(index => _store.Node(index).Charge == 3), Entries / 8, Entries / 2);
        Assert.Null(_order.FindFault());
    }

    [Fact]
    public void A_small_queue_of_entries_without_a_size_gives_before_the_main_one()
    {
        for (int index = 1; index <= 100; index++)
        {
            Add(index, charge: 0);
            Add(Entries + index, charge: 1, returned: true);
        }

        Assert.All(Evict(50), index => Assert.InRange(index, 1, 100));
        Assert.Null(_order.FindFault());
    }

    [Theory]
    [InlineData(EvictionPolicy.LeastRecentlyUsed)]
    [InlineData(EvictionPolicy.ScanResistant)]
    public void A_full_cache_stays_as_long_as_it_is_whatever_share_of_its_entries_has_no_size(EvictionPolicy policy)
    {
        using var cache = new BoundedMemoryCache(new BoundedMemoryCacheOptions
        {
            MaxMemory = 400,
            Sizing = EntrySizing.Declared,
            EvictionPolicy = policy,
            ReleaseMode = ReleaseMode.None,
        });
        for (int i = 0; i < 20_000; i++)
        {
            cache.Set($"n{i}", "", new MemoryCacheEntryOptions { Size = 0 });
            cache.Set($"v{i}", "", new MemoryCacheEntryOptions { Size = 4 });
        }

        Assert.InRange(cache.Count, 100, 1000);
        InvariantChecker.Check(cache.Engine);
    }

    private void Add(int index, long charge, bool returned = false)
    {
        _store.Node(index).Occupy(charge, CacheItemPriority.Normal);
        _order.Add(index, returned);
    }

    private List<int> Evict(int count)
    {
        List<int> victims = [];
        for (int steps = int.MaxValue; victims.Count < count;)
        {
            int victim = _order.NextVictim(CacheItemPriority.Normal, EvictionOrder.None, ref steps);
            Assert.NotEqual(EvictionOrder.None, victim);
            _order.Remove(victim);
            victims.Add(victim);
        }

        return victims;
    }
}
