using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Primitives;

namespace BoundedCache.Tests;

public sealed class LinkedEntryTests
{
    private static readonly TimeSpan s_minute = TimeSpan.FromMinutes(1);

    [Fact]
    public void An_outer_entry_expires_with_one_that_was_built_within_it()
    {
        using CacheUnderTest test = Linked();
        test.Cache.GetOrCreate("outer", _ => test.Cache.GetOrCreate("inner", static inner =>
        {
            inner.AbsoluteExpirationRelativeToNow = s_minute;
            return 1;
        }));

        test.Time.Advance(s_minute);
        Assert.False(test.Has("outer"));
    }

    [Fact]
    public void An_outer_entry_expires_with_one_that_was_read_within_it()
    {
        using CacheUnderTest test = Linked();
        test.Set("inner", 1, static inner => inner.SetAbsoluteExpiration(s_minute));
        test.Cache.GetOrCreate("outer", _ => test.Cache.Get("inner"));

        test.Time.Advance(s_minute);
        Assert.False(test.Has("outer"));
    }

    [Fact]
    public void An_outer_entry_keeps_its_own_expiration_where_that_is_earlier()
    {
        using CacheUnderTest test = Linked();
        test.Cache.GetOrCreate("outer", outer =>
        {
            outer.AbsoluteExpiration = test.Time.GetUtcNow() + s_minute;
            test.Set("inner", 1, static inner => inner.SetAbsoluteExpiration(2 * s_minute));
            return 1;
        });

        test.Time.Advance(s_minute);
        Assert.False(test.Has("outer"));
        Assert.True(test.Has("inner"));
    }

    [Fact]
    public void Tokens_of_the_inner_entry_end_the_outer_one_too()
    {
        using CacheUnderTest test = Linked();
        using var source = new CancellationTokenSource();
        test.Cache.GetOrCreate("outer", _ =>
        {
            test.Set("inner", 1, inner => inner.AddExpirationToken(new CancellationChangeToken(source.Token)));
            return 1;
        });
        Assert.True(test.Has("outer"));

        source.Cancel();

        Assert.False(test.Has("inner"));
        Assert.False(test.Has("outer"));
    }

    [Fact]
    public void A_sliding_expiration_is_not_handed_up()
    {
        using CacheUnderTest test = Linked();
        test.Cache.GetOrCreate("outer", _ =>
        {
            test.Set("inner", 1, static inner => inner.SetSlidingExpiration(s_minute));
            return 1;
        });

        test.Time.Advance(s_minute);
        Assert.True(test.Has("outer"));
        Assert.False(test.Has("inner"));
    }

    [Fact]
    public void An_inner_entry_without_a_value_hands_nothing_up()
    {
        using CacheUnderTest test = Linked();
        test.Cache.GetOrCreate("outer", _ =>
        {
            test.Cache.CreateEntry("inner").SetAbsoluteExpiration(s_minute).Dispose();
            return 1;
        });

        test.Time.Advance(s_minute);
        Assert.True(test.Has("outer"));
    }

    [Fact]
    public void Without_tracking_nothing_is_handed_up()
    {
        using var test = new CacheUnderTest();
        test.Cache.GetOrCreate("outer", _ =>
        {
            test.Set("inner", 1, static inner => inner.SetAbsoluteExpiration(s_minute));
            return 1;
        });

        test.Time.Advance(s_minute);
        Assert.True(test.Has("outer"));
    }

    [Fact]
    public void Each_of_several_inner_entries_hands_its_expiration_up()
    {
        using CacheUnderTest test = Linked();
        test.Cache.GetOrCreate("outer", _ =>
        {
            test.Set("first", 1, static inner => inner.SetAbsoluteExpiration(3 * s_minute));
            test.Set("second", 1, static inner => inner.SetAbsoluteExpiration(s_minute));
            return 1;
        });

        test.Time.Advance(s_minute);
        Assert.False(test.Has("outer"));
    }

    [Fact]
    public void An_inner_entry_that_expired_at_the_beginning_of_time_expires_the_outer_one()
    {
        using CacheUnderTest test = Linked();
        test.Cache.GetOrCreate("outer", _ =>
        {
            test.Set("inner", 1, static inner => inner.AbsoluteExpiration = DateTimeOffset.MinValue);
            return 1;
        });

        Assert.False(test.Has("outer"));
    }

    private static CacheUnderTest Linked() => new(static options => options.TrackLinkedCacheEntries = true);
}
