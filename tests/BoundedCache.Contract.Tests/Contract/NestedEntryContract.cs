using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Contract.Tests;

/// <summary>
/// Linked entries in the order in which nobody means to build them: deep, side by side,
/// abandoned, and finished too late.
/// </summary>
public abstract class NestedEntryContract : CacheContract
{
    protected NestedEntryContract(CacheKind kind)
        : base(kind) => Setup = new() { TrackLinkedCacheEntries = true };

    [Fact]
    public async Task Three_generations_in_asynchronous_flows_side_by_side_all_hand_up()
    {
        FakeToken[] tokens = [new(), new(), new(), new()];
        Cache.Set(
            "read", 1, new MemoryCacheEntryOptions().SetAbsoluteExpiration(3 * Minute).AddExpirationToken(tokens[0]));
        await Cache.GetOrCreateAsync("grandparent", async _ =>
        {
            await Task.Yield();
            return await Task.WhenAll(Enumerable.Range(1, 3)
                .Select(child => Cache.GetOrCreateAsync($"parent {child}", async parent =>
                {
                    await Task.Yield();
                    parent.AbsoluteExpirationRelativeToNow = 9 * Minute;
                    return await Task.Run(() => Cache.GetOrCreateAsync($"child {child}", async entry =>
                    {
                        await Task.Yield();
                        entry.AddExpirationToken(tokens[child]);
                        return Cache.Get<int>("read");
                    }));
                })));
        });

        // The entry that was read, once; by each child, by each parent; and three times by the grandparent,
        // which took it over from each.
        Assert.Equal(1 + 3 + 3 + 3, tokens[0].Subscribed);
        Assert.All(tokens[1..], static token => Assert.Equal(3, token.Subscribed));
        tokens[2].Change();
        Assert.Equal(
            (true, false, true, false), (Has("parent 1"), Has("parent 2"), Has("child 3"), Has("grandparent")));
        Time.Advance(3 * Minute);
        Assert.Equal((false, false), (Has("parent 1"), Has("child 3")));
    }

    [Fact]
    public void An_entry_that_is_abandoned_takes_over_what_comes_after_it()
    {
        ICacheEntry? abandoned = null;
        Cache.GetOrCreate("parent", _ =>
        {
            abandoned = Cache.CreateEntry("abandoned");
            return Cache.Set("child", 1, Minute);
        });
        Assert.Equal(Now + Minute, abandoned!.AbsoluteExpiration);
        Time.Advance(Minute);

        Assert.True(Has("parent"));
        Assert.False(Has("child"));
    }

    [Fact]
    public void A_child_that_is_finished_after_its_parent()
    {
        var token = new FakeToken();
        ICacheEntry parent = Cache.CreateEntry("parent");
        ICacheEntry child = Cache.CreateEntry("child");
        parent.SetValue(1).Dispose();
        child.SetValue(2).SetAbsoluteExpiration(Minute).AddExpirationToken(token).Dispose();
        Assert.Equal(Differs(Deviations.FrozenAtCommit, memoryCache: 1, bounded: 0), parent.ExpirationTokens.Count);
        Time.Advance(Minute);

        Assert.False(Has("child"));
        Assert.Equal(Differs(Deviations.FrozenAtCommit, memoryCache: false, bounded: true), Has("parent"));
    }

    [Fact]
    public void A_child_that_cannot_be_stored_hands_nothing_up_and_is_parent_no_longer()
    {
        Setup = Setup with { SizeLimit = 100 };
        Cache.GetOrCreate("parent", parent =>
        {
            parent.Size = 1;
            Assert.Throws<InvalidOperationException>(() => Cache.Set("no size", 1, Minute));
            SetSized("second", 1, static child => child.SetAbsoluteExpiration(2 * Minute));
            return 1;
        });

        Time.Advance(Minute);
        Assert.True(Has("parent"));
        Time.Advance(Minute);
        Assert.False(Has("parent"));
    }

    [Fact]
    public void A_parent_that_was_too_large_hands_up_what_it_took_over()
    {
        Setup = Setup with { SizeLimit = 10 };
        Cache.GetOrCreate("grandparent", grandparent =>
        {
            grandparent.Size = 1;
            return Cache.GetOrCreate("parent", parent =>
            {
                parent.Size = 11;
                SetSized("child", 1, static child => child.SetAbsoluteExpiration(Minute));
                return 1;
            });
        });
        Assert.Equal((true, false, true), (Has("grandparent"), Has("parent"), Has("child")));
        Time.Advance(Minute);

        Assert.False(Has("grandparent"));
    }

    [Fact]
    public void What_a_callback_stores_belongs_to_the_parent_in_whose_flow_the_entry_was_removed()
    {
        using var sent = new Message<bool>();
        Cache.Set("other", 1, new MemoryCacheEntryOptions().RegisterPostEvictionCallback((_, _, _, _) =>
        {
            Cache.Set("child", 1, Minute);
            sent.Send(true);
        }));
        Cache.GetOrCreate("parent", _ =>
        {
            Cache.Remove("other");
            return sent.Receive();
        });
        Time.Advance(Minute);

        Assert.False(Has("parent"));
    }

    [Fact]
    public void An_entry_under_its_own_parents_key_hands_up_to_it()
    {
        Cache.GetOrCreate("key", _ => Cache.Set("key", 1, Minute));
        Assert.Equal(1, Tested.Count);
        Time.Advance(Minute);

        Assert.False(Has("key"));
    }

    [Fact]
    public void Lookups_are_counted_while_entries_are_linked()
    {
        Setup = Setup with { TrackStatistics = true };
        Cache.Set("child", 1, Minute);
        Cache.GetOrCreate("parent", _ => Cache.Get("child"));
        Tested.TryGetValue("child".AsSpan(), out object? _);
        Time.Advance(Minute);
        Has("child");

        Assert.Equal((2, 2), (Cache.GetCurrentStatistics()!.TotalHits, Cache.GetCurrentStatistics()!.TotalMisses));
    }

    public sealed class OnMemoryCache() : NestedEntryContract(CacheKind.MemoryCache);

    public sealed class OnBoundedMemoryCache() : NestedEntryContract(CacheKind.BoundedMemoryCache);

    public sealed class OnScanResistant() : NestedEntryContract(CacheKind.ScanResistant);
}
