using BoundedCache.Engine;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Tests.Engine;

/// <summary>Changes that must evict more entries than one hold of the lock may.</summary>
public sealed class EvictionBatchTests
{
    private const int Batch = CacheEngine.BatchEntries;
    private const int Entries = 4 * Batch;

    private readonly EngineAndModel _both = new(maxBytes: Entries);

    /// <summary>Keys with an Equals of their own are looked up without the lock, so both kinds are tried.</summary>
    public static TheoryData<int, int, bool> Replacements
    {
        get
        {
            var data = new TheoryData<int, int, bool>();
            foreach (int replaced in new[] { 0, Entries / 2, Entries - 1 })
            {
                foreach (int evicted in new[] { 1, Batch, Batch + 1, (3 * Batch) + 1 })
                {
                    data.Add(replaced, evicted, false);
                    data.Add(replaced, evicted, true);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Replacements))]
    public void A_replacement_evicts_as_many_others_as_it_needs(int replaced, int evicted, bool ownEquals)
    {
        Fill(ownEquals);

        Assert.True(_both.Set(Key(replaced, ownEquals), charge: evicted + 1, hasDetails: true));

        Assert.Equal(Entries - evicted, _both.Engine.Count);
        Assert.Equal(Entries, _both.Engine.UsedBytes);
        _both.Compare();
        EvictionTotals left = _both.Engine.ReadTotals().Evictions;
        Assert.Equal(new EntryTotals(evicted, evicted), left.Capacity);
        Assert.Equal(new EntryTotals(1, 1), left.Replaced);
    }

    [Theory]
    [MemberData(nameof(Replacements))]
    public void A_new_charge_evicts_as_many_others_as_it_needs_and_keeps_the_place_in_the_order(
        int entry, int evicted, bool ownEquals)
    {
        Fill(ownEquals);
        object key = Key(entry, ownEquals);

        Assert.Equal(
            ChargeUpdate.Updated, _both.Engine.UpdateCharge(_both.Peek(key).SlotRef, evicted + 1));
        Assert.True(_both.Model.Resize(key, evicted + 1, 0));

        Assert.Equal(Entries - evicted, _both.Engine.Count);
        _both.Compare();
    }

    [Theory]
    [InlineData(Batch)]
    [InlineData(Batch + 1)]
    [InlineData(Entries)]
    public void A_new_entry_evicts_as_many_others_as_it_needs(int evicted)
    {
        Fill(ownEquals: false);

        Assert.True(_both.Set("new", charge: evicted));

        Assert.Equal(Entries - evicted + 1, _both.Engine.Count);
        _both.Compare();
    }

    [Fact]
    public void An_entry_charged_above_the_limit_leaves_and_an_entry_in_its_place_is_refused()
    {
        Fill(ownEquals: false);

        Assert.Equal(
            ChargeUpdate.Removed, _both.Engine.UpdateCharge(_both.Peek("key 5").SlotRef, Entries + 1));
        _both.Model.Resize("key 5", Entries + 1, 0);
        _both.Compare();
        _ = _both.Model.TakeDepartures();
        Assert.False(_both.Set("key 6", charge: Entries + 1));
        _both.Compare();
        Assert.Equal(Entries - 2, _both.Engine.Count);
    }

    [Fact]
    public void A_charge_of_exactly_the_limit_is_stored_alone()
    {
        Fill(ownEquals: false);

        Assert.True(_both.Set("all", charge: Entries));
        Assert.Equal(1, _both.Engine.Count);
        Assert.Equal(ChargeUpdate.Updated, _both.Engine.UpdateCharge(_both.Peek("all").SlotRef, Entries));
        _both.Compare();
    }

    [Fact]
    public void Uses_that_wait_are_applied_before_others_are_evicted_for_a_new_charge()
    {
        Fill(ownEquals: false);
        SlotRef charged = _both.Peek("key 9").SlotRef;
        _both.Get("key 0");
        _both.Get("key 1");

        Assert.Equal(ChargeUpdate.Updated, _both.Engine.UpdateCharge(charged, 4));
        _both.Model.Resize("key 9", 4, 0);

        _both.Compare();
        _both.Get("key 0");
        _both.Get("key 2");
    }

    [Fact]
    public void What_was_found_is_outdated_once_the_entry_was_replaced_or_charged_anew()
    {
        Fill(ownEquals: false);
        SlotRef first = _both.Peek("key 9").SlotRef;
        _both.Set("key 9");
        SlotRef second = _both.Peek("key 9").SlotRef;

        Assert.Equal(first.Index, second.Index);
        Assert.Equal(ChargeUpdate.Outdated, _both.Engine.UpdateCharge(first, 1));
        Assert.Equal(ChargeUpdate.Updated, _both.Engine.UpdateCharge(second, 1));
        Assert.Equal(ChargeUpdate.Outdated, _both.Engine.UpdateCharge(second, 1));
        _both.Remove("key 9");
        Assert.Equal(ChargeUpdate.Outdated, _both.Engine.UpdateCharge(second, 1));
    }

    [Fact]
    public void A_lowered_limit_evicts_in_batches_and_counts_them_as_shrunk()
    {
        Fill(ownEquals: false);
        _both.Get("key 0");
        int batches = 0;
        Assert.Equal(Entries, _both.Engine.SetMaxBytes(Batch));
        _both.Model.SetMaxBytes(Batch);

        EntryTotals evicted = _both.Engine.EvictDownToLimit(() =>
        {
            batches++;
            Assert.Equal(Entries - Math.Min(batches * Batch, Entries - Batch), _both.Engine.UsedBytes);
        });

        Assert.Equal(new EntryTotals(Entries - Batch, Entries - Batch), evicted);
        Assert.Equal((Entries - Batch) / Batch, batches);
        Assert.Equal(evicted, _both.Engine.ReadTotals().Evictions.Shrink);
        Assert.Equal(default, _both.Engine.ReadTotals().Evictions.Capacity);
        Assert.Equal(evicted.Bytes, _both.Engine.CreditedBytes);
        _both.Compare();
    }

    [Fact]
    public void While_a_lowered_limit_is_evicted_down_to_a_new_entry_only_takes_room_of_its_own()
    {
        Fill(ownEquals: false);
        _both.Engine.SetMaxBytes(Batch);

        Assert.True(_both.Engine.Set(new StringLookup("new"), NewEntry("new", charge: 3), out _));

        Assert.Equal(Entries, _both.Engine.UsedBytes);
        Assert.Equal(Entries - 2, _both.Engine.Count);
        InvariantChecker.Check(_both.Engine, shrinking: true);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(Batch)]
    [InlineData((3 * Batch) + 1)]
    public void A_share_is_evicted_to_the_entry_and_counts_as_compacted(int share)
    {
        Fill(ownEquals: false);
        _both.Set("kept", priority: CacheItemPriority.NeverRemove);
        _both.Get("key 1");

        _both.Engine.Evict(share);

        EvictionTotals left = _both.Engine.ReadTotals().Evictions;
        Assert.Equal(new EntryTotals(share, share), left.Compact);
        Assert.Equal(new EntryTotals(1, 1), left.Capacity);
        Assert.Equal(Entries - share, _both.Engine.Count);
        Assert.Equal("key 1", _both.Engine.KeysInOrder(CacheItemPriority.Normal)[0]);
        _both.Engine.Evict(long.MaxValue);
        Assert.Equal(["kept"], _both.Engine.SnapshotKeys());
        InvariantChecker.Check(_both.Engine);
        _both.Engine.Clear();
        Assert.Equal(0, _both.Engine.Count);
        InvariantChecker.Check(_both.Engine);
    }

    private void Fill(bool ownEquals)
    {
        for (int i = 0; i < Entries; i++)
        {
            _both.Set(Key(i, ownEquals), hasDetails: i % 3 == 0);
        }
    }

    private static object Key(int number, bool ownEquals) => ownEquals ? number : $"key {number}";

    private static NewEntry NewEntry(string key, long charge) => new()
    {
        Key = key,
        Value = key,
        Details = null,
        Priority = CacheItemPriority.Normal,
        Charge = charge,
        Deadline = long.MaxValue,
    };
}
