using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Contract.Tests;

/// <summary>A cache that is full.</summary>
public abstract class CapacityContract : CacheContract
{
    protected CapacityContract(CacheKind kind)
        : base(kind) => Setup = new() { SizeLimit = 10 };

    [Fact]
    public void One_entry_more_than_fits()
    {
        for (int i = 0; i < 10; i++)
        {
            SetSized(i, 1);
            Time.Advance(Minute);
        }

        SetSized("new", 1);

        // MemoryCache drops the new entry and then removes a twentieth of its size, here nothing.
        object leaves = Differs<object>(Deviations.FullCache, memoryCache: "new", bounded: 0);
        Assert.Equal(new Departure(leaves, leaves, EvictionReason.Capacity), Departures.TakeOne());
        Assert.Equal(Differs(Deviations.FullCache, memoryCache: false, bounded: true), Has("new"));
        Assert.Equal(Differs(Deviations.FullCache, memoryCache: true, bounded: false), Has(0));
        Assert.Equal((10, 10L), (Tested.Count, Tested.Size));
    }

    [Fact]
    public void A_replacement_that_no_longer_fits_beside_the_others()
    {
        SetSized("old", 5);
        Time.Advance(Minute);
        SetSized("key", 1);
        Time.Advance(Minute);
        SetSized("key", 6);

        Assert.Equal(Differs(Deviations.FullCache, memoryCache: false, bounded: true), Has("key"));
        Assert.Equal(Differs(Deviations.FullCache, memoryCache: true, bounded: false), Has("old"));
        Departure[] gone = Departures.Take(2);
        Assert.Equal(
            [EvictionReason.Capacity, EvictionReason.Replaced],
            gone.Select(static departure => departure.Reason).Order().Reverse());
    }

    [Fact]
    public void A_use_saves_an_entry()
    {
        SetSized("a", 5);
        Time.Advance(Minute);
        SetSized("b", 5);
        Time.Advance(Minute);
        Has("a");
        SetSized("c", 5);

        object leaves = Differs<object>(Deviations.FullCache, memoryCache: "c", bounded: "b");
        Assert.Equal(leaves, Departures.TakeOne().Key);
        Assert.True(Has("a"));
    }

    [Fact]
    public void Low_priorities_go_first()
    {
        SetSized("high", 4, static entry => entry.Priority = CacheItemPriority.High);
        SetSized("normal", 4);
        SetSized("low", 2, static entry => entry.Priority = CacheItemPriority.Low);
        SetSized("new", 5);

        Departure[] gone = Departures.Take(Differs(Deviations.FullCache, memoryCache: 1, bounded: 2));
        Assert.Equal(
            Differs(Deviations.FullCache, memoryCache: "new", bounded: "low, normal"),
            string.Join(", ", gone.Select(static departure => departure.Key)));
        Assert.True(Has("high"));
    }

    [Fact]
    public void A_cache_full_of_NeverRemove()
    {
        SetSized("first", 5, static entry => entry.Priority = CacheItemPriority.NeverRemove);
        Time.Advance(Minute);
        SetSized("second", 5, static entry => entry.Priority = CacheItemPriority.NeverRemove);
        Time.Advance(Minute);
        SetSized("new", 5);

        string leaves = Differs(Deviations.NeverRemove, memoryCache: "new", bounded: "first");
        Assert.Equal(new Departure(leaves, leaves, EvictionReason.Capacity), Departures.TakeOne());
        Assert.Equal(2, Tested.Count);
    }

    [Fact]
    public void NeverRemove_outlasts_everything_else()
    {
        SetSized("never", 5, static entry => entry.Priority = CacheItemPriority.NeverRemove);
        for (int i = 0; i < 100; i++)
        {
            Time.Advance(Minute);
            SetSized(i, 2, static entry => entry.Priority = CacheItemPriority.High);
        }

        Assert.True(Has("never"));
        Assert.InRange(Tested.Size, 5, 10);
    }

    [Fact]
    public void The_limit_is_that_of_the_day_of_creation_though_the_options_are_changed_later()
    {
        if (Tested is TestedMemoryCache oracle)
        {
            oracle.Options.SizeLimit = 3;
        }
        else
        {
            ((TestedBoundedMemoryCache)Tested).Options.MaxMemory = 3;
        }

        SetSized("key", 5);

        Assert.Equal(Differs(Deviations.OptionsCopied, memoryCache: false, bounded: true), Has("key"));
    }

    public sealed class OnMemoryCache() : CapacityContract(CacheKind.MemoryCache);

    public sealed class OnBoundedMemoryCache() : CapacityContract(CacheKind.BoundedMemoryCache);

    public sealed class OnScanResistant() : CapacityContract(CacheKind.ScanResistant);
}
