using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Contract.Tests;

/// <summary>When an entry that is being built becomes one of the cache's.</summary>
public abstract class CommitContract(CacheKind kind) : CacheContract(kind)
{
    [Fact]
    public void An_entry_is_stored_when_it_is_disposed_and_not_before()
    {
        ICacheEntry entry = Cache.CreateEntry("key");
        Assert.False(Has("key"));
        entry.Value = 1;
        Assert.False(Has("key"));
        Assert.Equal(0, Tested.Count);

        entry.Dispose();

        Assert.Equal(1, Cache.Get("key"));
        Assert.Equal(1, Tested.Count);
    }

    [Fact]
    public void An_entry_without_a_value_is_not_stored()
    {
        Cache.CreateEntry("key").Dispose();

        Assert.False(Has("key"));
        Assert.Equal(0, Tested.Count);
    }

    [Fact]
    public void An_entry_without_a_value_replaces_nothing_and_tells_nobody()
    {
        Set("key", 1);
        using (ICacheEntry entry = Cache.CreateEntry("key"))
        {
            entry.RegisterPostEvictionCallback(Departures.Record);
            entry.AbsoluteExpiration = Now;
        }

        Assert.Equal(1, Cache.Get("key"));
        Departures.AssertNoMore();
    }

    [Fact]
    public void Null_is_a_value()
    {
        Set("key", null);

        Assert.True(Cache.TryGetValue("key", out object? value));
        Assert.Null(value);
        Assert.Equal(1, Tested.Count);
    }

    [Fact]
    public void A_second_disposal_stores_nothing()
    {
        ICacheEntry entry = Cache.CreateEntry("key");
        entry.Value = 1;
        entry.Dispose();
        Cache.Remove("key");
        entry.Dispose();

        Assert.False(Has("key"));
    }

    [Fact]
    public void A_value_that_comes_after_the_disposal_comes_too_late()
    {
        ICacheEntry entry = Cache.CreateEntry("key");
        entry.Dispose();
        entry.Value = 1;
        entry.Dispose();

        Assert.False(Has("key"));
    }

    [Fact]
    public void The_value_at_the_disposal_counts()
    {
        using (ICacheEntry entry = Cache.CreateEntry("key"))
        {
            entry.Value = 1;
            entry.Value = 2;
            Assert.Equal(2, entry.Value);
        }

        Assert.Equal(2, Cache.Get("key"));
    }

    [Fact]
    public void What_is_said_of_an_entry_after_it_was_stored()
    {
        ICacheEntry entry = Cache.CreateEntry("key");
        entry.Value = "stored";
        entry.Dispose();
        entry.Value = "changed";

        Assert.Equal(Differs(Deviations.FrozenAtCommit, memoryCache: "changed", bounded: "stored"), Cache.Get("key"));

        entry.AbsoluteExpiration = Now;
        Assert.Equal(Differs(Deviations.FrozenAtCommit, memoryCache: false, bounded: true), Has("key"));
    }

    [Fact]
    public void Of_two_entries_for_a_key_the_one_disposed_last_stays()
    {
        ICacheEntry first = Cache.CreateEntry("key");
        ICacheEntry second = Cache.CreateEntry("key");
        first.Value = 1;
        second.Value = 2;
        second.Dispose();
        first.Dispose();

        Assert.Equal(1, Cache.Get("key"));
        Assert.Equal(1, Tested.Count);
    }

    [Fact]
    public void A_new_entry_says_nothing_yet()
    {
        using ICacheEntry entry = Cache.CreateEntry("key");

        Assert.Equal("key", entry.Key);
        Assert.Null(entry.Value);
        Assert.Null(entry.Size);
        Assert.Null(entry.AbsoluteExpiration);
        Assert.Null(entry.AbsoluteExpirationRelativeToNow);
        Assert.Null(entry.SlidingExpiration);
        Assert.Equal(CacheItemPriority.Normal, entry.Priority);
        Assert.Empty(entry.ExpirationTokens);
        Assert.Empty(entry.PostEvictionCallbacks);
    }

    [Fact]
    public void What_was_said_can_be_taken_back()
    {
        using (ICacheEntry entry = Cache.CreateEntry("key"))
        {
            entry.Value = 1;
            entry.Size = 5;
            entry.AbsoluteExpiration = Now;
            entry.AbsoluteExpirationRelativeToNow = Minute;
            entry.SlidingExpiration = Minute;
            entry.Size = null;
            entry.AbsoluteExpiration = null;
            entry.AbsoluteExpirationRelativeToNow = null;
            entry.SlidingExpiration = null;
            Assert.Null(entry.Size);
            Assert.Null(entry.AbsoluteExpiration);
            Assert.Null(entry.AbsoluteExpirationRelativeToNow);
            Assert.Null(entry.SlidingExpiration);
        }

        Time.Advance(10 * Minute);
        Assert.True(Has("key"));
    }

    [Fact]
    public void An_absolute_expiration_keeps_its_offset()
    {
        using ICacheEntry entry = Cache.CreateEntry("key");
        var inIndia = new DateTimeOffset(2031, 1, 1, 12, 0, 0, new TimeSpan(5, 30, 0));
        entry.AbsoluteExpiration = inIndia;

        Assert.Equal(inIndia, entry.AbsoluteExpiration);
        Assert.Equal(inIndia.Offset, entry.AbsoluteExpiration.Value.Offset);
    }

    [Fact]
    public void A_factory_that_throws_commits_nothing()
    {
        Assert.Throws<InvalidTimeZoneException>(() => Cache.GetOrCreate<int>("key", entry =>
        {
            entry.RegisterPostEvictionCallback(Departures.Record);
            throw new InvalidTimeZoneException();
        }));

        Assert.False(Has("key"));
        Assert.Equal(3, Cache.GetOrCreate("key", static _ => 3));
        Departures.AssertNoMore();
    }

    [Fact]
    public async Task A_factory_that_fails_later_commits_nothing()
    {
        await Assert.ThrowsAsync<InvalidTimeZoneException>(() => Cache.GetOrCreateAsync<int>("key", static async _ =>
        {
            await Task.Yield();
            throw new InvalidTimeZoneException();
        }));
        await Assert.ThrowsAsync<TaskCanceledException>(
            () => Cache.GetOrCreateAsync<int>("key", static _ => Task.FromCanceled<int>(new CancellationToken(true))));

        Assert.False(Has("key"));
        Assert.Equal(3, await Cache.GetOrCreateAsync("key", static _ => Task.FromResult(3)));
    }

    [Fact]
    public void A_value_that_was_set_before_the_factory_threw_is_stored_all_the_same()
    {
        Assert.Throws<InvalidTimeZoneException>(() => Cache.GetOrCreate<int>("key", static entry =>
        {
            entry.Value = 1;
            throw new InvalidTimeZoneException();
        }));

        Assert.Equal(1, Cache.Get("key"));
    }

    [Fact]
    public void A_factory_may_use_the_cache_even_for_the_same_key()
    {
        int value = Cache.GetOrCreate("key", _ =>
        {
            Set("key", 1);
            return 2;
        });

        Assert.Equal(2, value);
        Assert.Equal(2, Cache.Get("key"));
        Assert.Equal(new Departure("key", 1, EvictionReason.Replaced), Departures.TakeOne());
    }

    [Fact]
    public void A_key_whose_hash_code_throws_is_an_error_at_the_commit_and_stores_nothing()
    {
        ICacheEntry entry = Cache.CreateEntry(new HashlessKey());
        entry.Value = 1;

        Assert.Throws<InvalidTimeZoneException>(entry.Dispose);
        Assert.Throws<InvalidTimeZoneException>(() => Cache.TryGetValue(new HashlessKey(), out _));
        Assert.Throws<InvalidTimeZoneException>(() => Cache.Remove(new HashlessKey()));
        entry.Dispose();
        Assert.Equal(0, Tested.Count);
    }

    public sealed class OnMemoryCache() : CommitContract(CacheKind.MemoryCache);

    public sealed class OnBoundedMemoryCache() : CommitContract(CacheKind.BoundedMemoryCache);

    public sealed class OnScanResistant() : CommitContract(CacheKind.ScanResistant);

    private sealed class HashlessKey
    {
        public override int GetHashCode() => throw new InvalidTimeZoneException();

        public override bool Equals(object? obj) => obj is HashlessKey;
    }
}
