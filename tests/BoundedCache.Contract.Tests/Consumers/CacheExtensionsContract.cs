using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Contract.Tests;

/// <summary>Every method of <c>CacheExtensions</c>, as applications call them.</summary>
public abstract class CacheExtensionsContract(CacheKind kind) : CacheContract(kind)
{
    [Fact]
    public void Get_answers_the_value_or_null_or_a_default()
    {
        Cache.Set("key", 5);

        Assert.Equal(5, Cache.Get("key"));
        Assert.Equal(5, Cache.Get<int>("key"));
        Assert.Null(Cache.Get("none"));
        Assert.Equal(0, Cache.Get<int>("none"));
        Assert.Null(Cache.Get<int?>("none"));
        Assert.Null(Cache.Get<string>("none"));
        Assert.Throws<InvalidCastException>(() => Cache.Get<string>("key"));
    }

    [Fact]
    public void TryGetValue_answers_whether_there_is_one_of_that_type()
    {
        Cache.Set("key", 5);
        Cache.Set<object?>("null", null);

        Assert.True(Cache.TryGetValue("key", out int number));
        Assert.Equal(5, number);
        Assert.False(Cache.TryGetValue("key", out string? text));
        Assert.Null(text);
        Assert.True(Cache.TryGetValue("null", out text));
        Assert.Null(text);
        Assert.True(Cache.TryGetValue("null", out number));
        Assert.Equal(0, number);
        Assert.False(Cache.TryGetValue("none", out number));
    }

    [Fact]
    public void Set_answers_its_value()
    {
        object value = new();

        Assert.Same(value, Cache.Set("key", value));
        Assert.Same(value, Cache.Get("key"));
    }

    [Fact]
    public void Set_until_a_moment()
    {
        Assert.Equal(1, Cache.Set("key", 1, Now + Minute));
        AssertLastsFor(Minute);
    }

    [Fact]
    public void Set_for_a_span()
    {
        Assert.Equal(1, Cache.Set("key", 1, Minute));
        AssertLastsFor(Minute);
    }

    [Fact]
    public void Set_until_a_token_changes()
    {
        var token = new FakeToken();
        Assert.Equal(1, Cache.Set("key", 1, token));
        Assert.True(Has("key"));
        token.Change();
        Assert.False(Has("key"));
    }

    [Fact]
    public void Set_with_options_takes_all_of_them()
    {
        Setup = new() { SizeLimit = 100 };
        var token = new FakeToken();
        MemoryCacheEntryOptions options = new MemoryCacheEntryOptions
        {
            Size = 7,
            Priority = CacheItemPriority.NeverRemove,
        }
            .SetAbsoluteExpiration(Now + (3 * Minute))
            .SetAbsoluteExpiration(2 * Minute)
            .SetSlidingExpiration(1.5 * Minute)
            .AddExpirationToken(token)
            .RegisterPostEvictionCallback(Departures.Record, "state");
        Assert.Equal(1, Cache.Set("key", 1, options));

        Assert.Equal(7, Tested.Size);
        Assert.Equal(1, token.Subscribed);
        Tested.Compact(1);
        Time.Advance(Minute);
        Assert.True(Has("key"));
        Time.Advance(Minute);
        Assert.False(Has("key"));
        Assert.Equal(new Departure("key", 1, EvictionReason.Expired, "state"), Departures.TakeOne());
    }

    [Fact]
    public void Options_serve_several_entries()
    {
        MemoryCacheEntryOptions options = new MemoryCacheEntryOptions()
            .SetAbsoluteExpiration(Minute)
            .RegisterPostEvictionCallback(Departures.Record);
        Cache.Set("a", 1, options);
        Time.Advance(Minute / 2);
        Cache.Set("b", 2, options);
        Time.Advance(Minute / 2);

        Assert.False(Has("a"));
        Assert.True(Has("b"));
        Cache.Remove("b");
        Assert.Equal(
            [new Departure("a", 1, EvictionReason.Expired), new Departure("b", 2, EvictionReason.Removed)],
            Departures.Take(2));
    }

    [Fact]
    public void Set_without_options_is_a_plain_set()
    {
        Cache.Set("key", 1, (MemoryCacheEntryOptions?)null);

        Assert.Equal(1, Cache.Get("key"));
    }

    [Fact]
    public void GetOrCreate_makes_a_value_once()
    {
        int made = 0;

        Assert.Equal(1, Cache.GetOrCreate("key", _ => ++made));
        Assert.Equal(1, Cache.GetOrCreate("key", _ => ++made));
    }

    [Fact]
    public void GetOrCreate_stores_null_too()
    {
        int made = 0;
        Assert.Null(Cache.GetOrCreate<string?>("key", _ => Make()));
        Assert.Null(Cache.GetOrCreate<string?>("key", _ => Make()));
        Assert.Equal(1, made);

        string? Make()
        {
            made++;
            return null;
        }
    }

    [Fact]
    public void GetOrCreate_with_options_takes_what_the_factory_says_over_them()
    {
        var options = new MemoryCacheEntryOptions { AbsoluteExpirationRelativeToNow = Minute };
        Assert.Equal(1, Cache.GetOrCreate("key", static _ => 1, options));
        Assert.Equal(1, Cache.GetOrCreate("longer", static entry =>
        {
            entry.AbsoluteExpirationRelativeToNow = 2 * Minute;
            return 1;
        }, options));

        AssertLastsFor(Minute);
        Assert.True(Has("longer"));
    }

    [Fact]
    public async Task GetOrCreateAsync_makes_a_value_once()
    {
        int made = 0;

        Assert.Equal(1, await Cache.GetOrCreateAsync("key", MakeAsync));
        Assert.Equal(1, await Cache.GetOrCreateAsync("key", MakeAsync));

        async Task<int> MakeAsync(ICacheEntry entry)
        {
            await Task.Yield();
            Assert.False(Has("key"));
            entry.AbsoluteExpirationRelativeToNow = Minute;
            return ++made;
        }
    }

    [Fact]
    public async Task GetOrCreateAsync_stores_what_options_and_factory_say()
    {
        await Cache.GetOrCreateAsync(
            "key",
            static _ => Task.FromResult(1),
            new MemoryCacheEntryOptions { AbsoluteExpirationRelativeToNow = Minute });
        await Cache.GetOrCreateAsync("longer", static async entry =>
        {
            await Task.Yield();
            entry.AbsoluteExpirationRelativeToNow = 2 * Minute;
            return 1;
        });

        AssertLastsFor(Minute);
        Assert.True(Has("longer"));
    }

    [Fact]
    public void The_extensions_of_entries_chain()
    {
        var token = new FakeToken();
        using (ICacheEntry entry = Cache.CreateEntry("key"))
        {
            ICacheEntry same = entry
                .SetValue(1)
                .SetSize(5)
                .SetPriority(CacheItemPriority.High)
                .SetAbsoluteExpiration(Now + (9 * Minute))
                .SetAbsoluteExpiration(9 * Minute)
                .SetSlidingExpiration(Minute)
                .AddExpirationToken(token)
                .RegisterPostEvictionCallback(Departures.Record);
            Assert.Same(entry, same);
            Assert.Equal(
                (1, 5L, CacheItemPriority.High, Minute),
                (entry.Value, entry.Size, entry.Priority, entry.SlidingExpiration));
        }

        AssertLastsFor(Minute);
        Assert.Equal(EvictionReason.Expired, Departures.TakeOne().Reason);
    }

    private void AssertLastsFor(TimeSpan span)
    {
        Time.Advance(span - TimeSpan.FromTicks(1));
        Assert.Contains("key", Tested.Keys);
        Time.Advance(TimeSpan.FromTicks(1));
        Assert.False(Has("key"));
    }

    public sealed class OnMemoryCache() : CacheExtensionsContract(CacheKind.MemoryCache);

    public sealed class OnBoundedMemoryCache() : CacheExtensionsContract(CacheKind.BoundedMemoryCache);

    public sealed class OnScanResistant() : CacheExtensionsContract(CacheKind.ScanResistant);
}
