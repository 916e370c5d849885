using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Primitives;

namespace BoundedCache.Contract.Tests;

/// <summary>
/// <c>TrackLinkedCacheEntries</c>: tokens and the earlier absolute expiration of what is stored or read while an entry
/// is being built become that entry's too.
/// </summary>
public abstract class LinkedEntryContract : CacheContract
{
    protected LinkedEntryContract(CacheKind kind)
        : base(kind) => Setup = new() { TrackLinkedCacheEntries = true };

    [Fact]
    public void An_absolute_expiration_flows_to_the_parent_on_set()
    {
        Cache.GetOrCreate("parent", _ => Cache.Set("child", 1, Minute));

        AssertParentEndsWithin(Minute);
    }

    [Fact]
    public void An_absolute_expiration_flows_to_the_parent_on_get()
    {
        Cache.Set("child", 1, Minute);
        Time.Advance(Minute / 2);
        Cache.GetOrCreate("parent", _ => Cache.Get("child"));

        AssertParentEndsWithin(Minute / 2);
    }

    [Fact]
    public void An_absolute_expiration_flows_to_the_parent_on_a_lookup_by_characters()
    {
        Cache.Set("child", 1, Minute);
        Cache.GetOrCreate("parent", _ => Tested.TryGetValue("child".AsSpan(), out object? _));

        AssertParentEndsWithin(Minute);
    }

    [Fact]
    public void Tokens_flow_to_the_parent_on_set()
    {
        var token = new FakeToken();
        Cache.GetOrCreate("parent", _ => Cache.Set("child", 1, token));
        Assert.Equal(2, token.Subscribed);
        token.Change();

        Assert.False(Has("child"));
        Assert.False(Has("parent"));
    }

    [Fact]
    public void Tokens_flow_to_the_parent_on_get_active_and_passive()
    {
        var (active, passive) = (new FakeToken(), new FakeToken { ActiveChangeCallbacks = false });
        Cache.Set("active", 1, active);
        Cache.Set("passive", 1, passive);
        Cache.GetOrCreate("parent of active", _ => Cache.Get("active"));
        Cache.GetOrCreate("parent of passive", _ => Cache.Get("passive"));
        Assert.Equal(2, active.Subscribed);

        passive.HasChanged = true;
        Assert.False(Has("parent of passive"));
        Assert.True(Has("parent of active"));
        active.Change();
        Assert.False(Has("parent of active"));
    }

    [Fact]
    public void The_parent_shows_what_it_took_over()
    {
        var token = new FakeToken();
        using ICacheEntry parent = Cache.CreateEntry("parent");
        using (ICacheEntry child = Cache.CreateEntry("child"))
        {
            child.SetValue(1).AddExpirationToken(token).SetAbsoluteExpiration(Minute);
            Assert.Empty(parent.ExpirationTokens);
        }

        Assert.Same(token, Assert.Single(parent.ExpirationTokens));
        Assert.Equal(Now + Minute, parent.AbsoluteExpiration);
    }

    [Theory]
    [InlineData(1, 2)]
    [InlineData(2, 1)]
    public void The_earlier_absolute_expiration_counts(int parents, int childs)
    {
        Cache.GetOrCreate("parent", parent =>
        {
            parent.AbsoluteExpiration = Now + (parents * Minute);
            return Cache.Set("child", 1, childs * Minute);
        });

        AssertParentEndsWithin(Minute);
        Assert.Equal(childs == 2, Has("child"));
    }

    [Theory]
    [InlineData(1, 2)]
    [InlineData(2, 1)]
    public void The_earlier_one_counts_though_the_parents_is_relative(int parents, int childs)
    {
        Cache.GetOrCreate("parent", parent =>
        {
            parent.AbsoluteExpirationRelativeToNow = parents * Minute;
            return Cache.Set("child", 1, childs * Minute);
        });

        AssertParentEndsWithin(Minute);
    }

    [Fact]
    public void The_earliest_of_several_children_counts()
    {
        Cache.GetOrCreate("parent", _ =>
        {
            Cache.Set("late", 1, 3 * Minute);
            Cache.Set("early", 1, Minute);
            Cache.Set("middle", 1, 2 * Minute);
            return 1;
        });

        AssertParentEndsWithin(Minute);
    }

    [Fact]
    public void Expirations_flow_through_generations()
    {
        var token = new FakeToken();
        Cache.GetOrCreate("grandparent", _ => Cache.GetOrCreate("parent", _ =>
        {
            Cache.Set("child", 1, Minute);
            return Cache.Set("other child", 1, token);
        }));
        Assert.Equal(3, token.Subscribed);

        Time.Advance(Minute);
        Assert.False(Has("grandparent"));
        Assert.False(Has("parent"));
        Assert.True(Has("other child"));
    }

    [Fact]
    public void Sliding_expirations_do_not_flow()
    {
        Cache.GetOrCreate(
            "parent", _ => Cache.Set("child", 1, new MemoryCacheEntryOptions { SlidingExpiration = Minute }));
        Time.Advance(Minute);

        Assert.True(Has("parent"));
        Assert.False(Has("child"));
    }

    [Fact]
    public void Priorities_sizes_and_callbacks_do_not_flow()
    {
        using (ICacheEntry parent = Cache.CreateEntry("parent"))
        {
            parent.Value = 1;
            Set("child", 1, static child => child.SetPriority(CacheItemPriority.NeverRemove).SetSize(9));
            Assert.Equal((CacheItemPriority.Normal, (long?)null), (parent.Priority, parent.Size));
            Assert.Empty(parent.PostEvictionCallbacks);
        }

        Cache.Remove("parent");
        Departures.AssertNoMore();
    }

    [Fact]
    public void A_child_without_a_value_hands_nothing_up()
    {
        var token = new FakeToken();
        Cache.GetOrCreate("parent", _ =>
        {
            Cache.CreateEntry("child").SetAbsoluteExpiration(Minute).AddExpirationToken(token).Dispose();
            return 1;
        });
        Time.Advance(Minute);

        Assert.True(Has("parent"));
        Assert.Equal(0, token.Registrations);
    }

    [Fact]
    public void A_child_that_is_expired_already_ends_its_parent_before_it_begins()
    {
        Cache.GetOrCreate("parent", _ =>
        {
            Set("child", 1, entry => entry.AbsoluteExpiration = Now);
            return 1;
        });

        Assert.False(Has("parent"));
        Assert.Equal(0, Tested.Count);
    }

    [Fact]
    public void A_child_that_expired_when_time_began_does_so_too()
    {
        Cache.GetOrCreate("parent", _ =>
        {
            Set("child", 1, static entry => entry.AbsoluteExpiration = DateTimeOffset.MinValue);
            return 1;
        });

        Assert.Equal(0, Tested.Count);
    }

    [Fact]
    public void A_child_that_was_too_large_hands_its_expiration_up_all_the_same()
    {
        Setup = Setup with { SizeLimit = 10 };
        Cache.GetOrCreate("parent", parent =>
        {
            parent.Size = 1;
            SetSized("child", 11, static child => child.SetAbsoluteExpiration(Minute));
            return 1;
        });
        Assert.False(Has("child"));

        AssertParentEndsWithin(Minute);
    }

    [Fact]
    public void A_miss_hands_nothing_up()
    {
        Cache.Set("child", 1, Minute);
        Time.Advance(Minute);
        Cache.GetOrCreate("parent", _ => Has("child"));

        Assert.True(Has("parent"));
    }

    [Fact]
    public void A_parent_is_one_until_it_is_disposed_and_not_longer()
    {
        ICacheEntry parent = Cache.CreateEntry("parent");
        parent.Value = 1;
        parent.Dispose();
        Cache.Set("late", 1, Minute);
        Time.Advance(Minute);

        Assert.True(Has("parent"));
    }

    [Fact]
    public void After_the_child_the_parent_is_the_parent_again()
    {
        Cache.GetOrCreate("parent", _ =>
        {
            Cache.GetOrCreate("first", static _ => 1);
            return Cache.Set("second", 1, Minute);
        });

        AssertParentEndsWithin(Minute);
        Assert.True(Has("first"));
    }

    [Fact]
    public void A_factory_that_threw_leaves_no_parent_behind()
    {
        Assert.Throws<InvalidTimeZoneException>(
            () => Cache.GetOrCreate<int>("parent", static _ => throw new InvalidTimeZoneException()));
        using (ICacheEntry parent = Cache.CreateEntry("other parent"))
        {
            parent.Value = 1;
            Assert.Throws<InvalidTimeZoneException>(() => Cache.GetOrCreate<int>("child", static child =>
            {
                child.AbsoluteExpirationRelativeToNow = Minute;
                throw new InvalidTimeZoneException();
            }));
        }

        Time.Advance(Minute);
        Assert.True(Has("other parent"));
    }

    [Fact]
    public async Task Expirations_flow_through_asynchronous_code()
    {
        var token = new FakeToken();
        Cache.Set("read", 1, token);
        await Cache.GetOrCreateAsync("parent", async _ =>
        {
            await Task.Yield();
            await Task.Run(async () =>
            {
                await Cache.GetOrCreateAsync("child", static async child =>
                {
                    await Task.Yield();
                    child.AbsoluteExpirationRelativeToNow = Minute;
                    return 1;
                });
            });
            await Task.Yield();
            return Cache.Get("read");
        });
        Assert.Equal(2, token.Subscribed);

        AssertParentEndsWithin(Minute);
    }

    [Fact]
    public async Task Flows_side_by_side_do_not_mix()
    {
        using var both = new Barrier(2);
        await Task.WhenAll(
            Task.Run(() => Cache.GetOrCreate("parent", _ =>
            {
                both.SignalAndWait();
                both.SignalAndWait();
                return 1;
            })),
            Task.Run(() => Cache.GetOrCreate("stranger", _ =>
            {
                both.SignalAndWait();
                Cache.Set("child", 1, Minute);
                both.SignalAndWait();
                return 1;
            })));
        Time.Advance(Minute);

        Assert.True(Has("parent"));
        Assert.False(Has("stranger"));
    }

    [Fact]
    public void Many_children_at_once_all_hand_up()
    {
        FakeToken[] tokens = [.. Enumerable.Range(0, 64).Select(static _ => new FakeToken())];
        using (ICacheEntry parent = Cache.CreateEntry("parent"))
        {
            parent.Value = 1;
            Parallel.For(0, tokens.Length, i => Cache.Set(i, i, tokens[i]));
            Assert.Equal(tokens.ToHashSet<IChangeToken>(), parent.ExpirationTokens.ToHashSet());
        }
    }

    [Fact]
    public void Two_caches_that_both_track_hand_up_across()
    {
        TestedCache other = Make(Setup);
        Cache.GetOrCreate("parent", _ => other.Cache.Set("child", 1, Minute));

        AssertParentEndsWithin(Minute);
    }

    [Fact]
    public void Without_tracking_nothing_is_handed_up()
    {
        Setup = new();
        var token = new FakeToken();
        Cache.Set("read", 1, token);
        Cache.GetOrCreate("parent", _ =>
        {
            Cache.Set("child", 1, Minute);
            return Cache.Get("read");
        });
        Assert.Equal(1, token.Subscribed);
        Time.Advance(Minute);

        Assert.True(Has("parent"));
    }

    private void AssertParentEndsWithin(TimeSpan span)
    {
        Time.Advance(span - TimeSpan.FromTicks(1));
        Assert.Contains("parent", Tested.Keys);
        Time.Advance(TimeSpan.FromTicks(1));
        Assert.False(Has("parent"));
    }

    public sealed class OnMemoryCache() : LinkedEntryContract(CacheKind.MemoryCache);

    public sealed class OnBoundedMemoryCache() : LinkedEntryContract(CacheKind.BoundedMemoryCache);

    public sealed class OnScanResistant() : LinkedEntryContract(CacheKind.ScanResistant);
}
