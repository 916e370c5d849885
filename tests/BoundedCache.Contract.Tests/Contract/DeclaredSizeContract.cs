using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Contract.Tests;

/// <summary>A limit in declared sizes: <c>SizeLimit</c>, and <see cref="EntrySizing.Declared"/>.</summary>
public abstract class DeclaredSizeContract : CacheContract
{
    protected DeclaredSizeContract(CacheKind kind)
        : base(kind) => Setup = new() { SizeLimit = 100 };

    [Fact]
    public void Exactly_what_is_declared_counts_whatever_key_and_value_are()
    {
        Set(new string('k', 10_000), new byte[100_000], static entry => entry.Size = 3);
        Assert.Equal(3, Tested.Size);
        Set(1, null, static entry =>
            entry.SetSize(4).SetAbsoluteExpiration(Minute).AddExpirationToken(new FakeToken()));
        Assert.Equal(7, Tested.Size);
    }

    [Fact]
    public void An_entry_that_fills_the_cache_to_the_brim_is_stored()
    {
        SetSized("a", 60);
        SetSized("b", 40);

        Assert.Equal((2, 100L), (Tested.Count, Tested.Size));
    }

    [Fact]
    public void Entries_of_size_zero_fit_always()
    {
        SetSized("full", 100);
        for (int i = 0; i < 100; i++)
        {
            SetSized(i, 0);
        }

        Assert.Equal((101, 100L), (Tested.Count, Tested.Size));
    }

    [Theory]
    [InlineData(101)]
    [InlineData(long.MaxValue)]
    public void An_entry_larger_than_the_limit_is_refused_with_the_reason_capacity(long size)
    {
        SetSized("other", 50);
        SetSized("key", size);

        Assert.Equal(new Departure("key", "key", EvictionReason.Capacity), Departures.TakeOne());
        Assert.False(Has("key"));
        Assert.Equal((1, 50L), (Tested.Count, Tested.Size));
        Departures.AssertNoMore();
    }

    [Fact]
    public void A_refused_entrys_token_is_not_subscribed_to_afterwards()
    {
        var token = new FakeToken();
        SetSized("key", 101, entry => entry.AddExpirationToken(token));

        Departures.TakeOne();
        Assert.Equal(0, token.Subscribed);
    }

    [Fact]
    public void An_entry_without_a_size_is_an_error_at_the_commit_and_changes_nothing()
    {
        Set("key", "old", static entry => entry.Size = 1);
        ICacheEntry entry = Cache.CreateEntry("key");
        entry.Value = "new";
        entry.RegisterPostEvictionCallback(Departures.Record);

        Assert.Throws<InvalidOperationException>(entry.Dispose);
        Assert.Equal("old", Cache.Get("key"));
        Assert.Equal(1, Tested.Size);
        entry.Dispose();
        Departures.AssertNoMore();
    }

    [Fact]
    public void A_size_that_was_taken_back_is_missing()
    {
        Assert.Throws<InvalidOperationException>(() => SetSized("key", 1, static entry => entry.Size = null));
    }

    [Fact]
    public void The_extensions_that_cannot_say_a_size_fail_likewise()
    {
        Assert.Throws<InvalidOperationException>(() => Cache.Set("key", 1));
        Assert.Throws<InvalidOperationException>(() => Cache.GetOrCreate("key", static _ => 1));
        Assert.Equal(0, Tested.Count);
    }

    [Fact]
    public void Every_way_out_gives_the_size_back()
    {
        var token = new FakeToken { ActiveChangeCallbacks = false };
        SetSized("removed", 10);
        SetSized("expired", 20, static entry => entry.SetAbsoluteExpiration(Minute));
        SetSized("token", 30, entry => entry.AddExpirationToken(token));
        SetSized("stays", 5);
        Assert.Equal(65, Tested.Size);

        Cache.Remove("removed");
        Assert.Equal(55, Tested.Size);
        Time.Advance(Minute);
        Has("expired");
        Assert.Equal(35, Tested.Size);
        token.HasChanged = true;
        Has("token");
        Assert.Equal(5, Tested.Size);
        Tested.Compact(1);
        Assert.Equal(0, Tested.Size);
    }

    [Fact]
    public void Sizes_whose_sum_no_number_holds()
    {
        Setup = new() { SizeLimit = long.MaxValue, CompactionPercentage = 0 };
        for (int i = 0; i < 33; i++)
        {
            SetSized(i, long.MaxValue);
            Assert.InRange(Tested.Size, 1, long.MaxValue);
        }

        // MemoryCache stores the first, and then nothing more.
        Assert.Equal(Differs(Deviations.FullCache, memoryCache: true, bounded: false), Has(0));
        Assert.Equal(Differs(Deviations.FullCache, memoryCache: false, bounded: true), Has(32));
    }

    [Fact]
    public void A_size_beyond_a_quarter_of_an_exbibyte()
    {
        Setup = new() { SizeLimit = long.MaxValue };
        SetSized("key", long.MaxValue);

        Assert.Equal(Differs(Deviations.LargestSize, memoryCache: long.MaxValue, bounded: (1L << 58) - 1), Tested.Size);
        Cache.Remove("key");
        Assert.Equal(0, Tested.Size);
    }

    [Fact]
    public void A_limit_of_zero()
    {
        Type? thrown = Thrown(() => Make(new() { SizeLimit = 0 }));

        Assert.Equal(
            Differs(Deviations.NoLimitOfZero, memoryCache: null, bounded: typeof(ArgumentOutOfRangeException)), thrown);
    }

    public sealed class OnMemoryCache() : DeclaredSizeContract(CacheKind.MemoryCache);

    public sealed class OnBoundedMemoryCache() : DeclaredSizeContract(CacheKind.BoundedMemoryCache);

    public sealed class OnScanResistant() : DeclaredSizeContract(CacheKind.ScanResistant);
}
