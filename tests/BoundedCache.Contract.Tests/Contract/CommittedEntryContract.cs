using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Contract.Tests;

/// <summary>
/// An <see cref="ICacheEntry"/> that somebody keeps after it was stored: what it still tells, and what
/// still changes what is cached.
/// </summary>
public abstract class CommittedEntryContract(CacheKind kind) : CacheContract(kind)
{
    [Fact]
    public void It_tells_what_was_said_of_it()
    {
        Setup = new() { SizeLimit = 100 };
        var token = new FakeToken();
        ICacheEntry entry = Cache.CreateEntry("key");
        entry.SetValue("value")
            .SetSize(7)
            .SetPriority(CacheItemPriority.High)
            .SetAbsoluteExpiration(Now + (2 * Minute))
            .SetAbsoluteExpiration(3 * Minute)
            .SetSlidingExpiration(Minute)
            .AddExpirationToken(token)
            .RegisterPostEvictionCallback(Departures.Record);
        entry.Dispose();

        Assert.Equal(
            ("key", "value", 7L, CacheItemPriority.High), (entry.Key, entry.Value, entry.Size, entry.Priority));
        Assert.Equal(
            (Now + (2 * Minute), 3 * Minute, Minute),
            (entry.AbsoluteExpiration, entry.AbsoluteExpirationRelativeToNow, entry.SlidingExpiration));
        Assert.Same(token, Assert.Single(entry.ExpirationTokens));
        Assert.Single(entry.PostEvictionCallbacks);

        Cache.Remove("key");
        Departures.TakeOne();
        Assert.Equal(("key", "value", 7L), (entry.Key, entry.Value, entry.Size));
    }

    [Fact]
    public void A_callback_that_is_registered_too_late()
    {
        ICacheEntry entry = Commit();
        entry.RegisterPostEvictionCallback(Departures.Record);
        Cache.Remove("key");

        Departures.Take(Differs(Deviations.FrozenAtCommit, memoryCache: 1, bounded: 0));
        Departures.AssertNoMore();
    }

    [Fact]
    public void A_token_that_is_added_too_late()
    {
        ICacheEntry entry = Commit();
        var token = new FakeToken();
        entry.AddExpirationToken(token);
        token.Change();

        Assert.Equal(0, token.Registrations);
        Assert.Equal(Differs(Deviations.FrozenAtCommit, memoryCache: false, bounded: true), Has("key"));
    }

    [Fact]
    public void A_priority_that_is_raised_too_late()
    {
        Commit().Priority = CacheItemPriority.NeverRemove;
        Tested.Compact(1);

        Assert.Equal(Differs(Deviations.FrozenAtCommit, memoryCache: true, bounded: false), Has("key"));
    }

    [Fact]
    public void A_size_that_is_changed_too_late()
    {
        Setup = new() { SizeLimit = 100 };
        Commit().Size = 1;
        Assert.Equal(10, Tested.Size);
        Cache.Remove("key");

        // MemoryCache takes off what the entry says when it leaves, and not what was put on when it came.
        Assert.Equal(Differs(Deviations.FrozenAtCommit, memoryCache: 9L, bounded: 0L), Tested.Size);
    }

    [Fact]
    public void What_is_refused_of_an_entry_is_refused_of_a_stored_one_too()
    {
        ICacheEntry entry = Commit();

        Assert.Throws<ArgumentOutOfRangeException>("value", () => entry.Size = -1);
        Assert.Throws<ArgumentOutOfRangeException>("SlidingExpiration", () => entry.SlidingExpiration = TimeSpan.Zero);
        Assert.Throws<ArgumentOutOfRangeException>(
            "AbsoluteExpirationRelativeToNow", () => entry.AbsoluteExpirationRelativeToNow = TimeSpan.Zero);
        Assert.True(Has("key"));
    }

    private ICacheEntry Commit()
    {
        ICacheEntry entry = Cache.CreateEntry("key");
        entry.SetValue(1).SetSize(10).Dispose();
        return entry;
    }

    public sealed class OnMemoryCache() : CommittedEntryContract(CacheKind.MemoryCache);

    public sealed class OnBoundedMemoryCache() : CommittedEntryContract(CacheKind.BoundedMemoryCache);
}
