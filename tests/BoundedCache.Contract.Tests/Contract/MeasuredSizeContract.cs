using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Contract.Tests;

/// <summary>
/// What becomes of code written for a cache that counts no sizes, and of code that declares sizes of its own, under
/// <see cref="EntrySizing.Measured"/>.
/// </summary>
public abstract class MeasuredSizeContract(CacheKind kind) : CacheContract(kind)
{
    [Theory]
    [InlineData(null)]
    [InlineData(0L)]
    [InlineData(1L)]
    [InlineData(10L)]
    [InlineData(1_000_000L)]
    public void A_size_may_be_missing_or_any_where_no_limit_in_sizes_was_set(long? size)
    {
        Set("key", "value", entry => entry.Size = size);

        Assert.Equal("value", Cache.Get("key"));
    }

    [Fact]
    public void A_missing_size_where_there_is_a_limit()
    {
        // The nearest that MemoryCache has to a limit of a million bytes.
        using TestedCache limited = Limited(1_000_000);
        Type? thrown = Thrown(() => limited.Cache.Set("key", new byte[1000]));

        Assert.Equal(
            Differs(Deviations.MissingSize, memoryCache: typeof(InvalidOperationException), bounded: null), thrown);
        Assert.Equal(
            Differs(Deviations.MissingSize, memoryCache: false, bounded: true),
            limited.Cache.TryGetValue("key", out _));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(10)]
    public void A_size_that_is_declared_too_small(long declared)
    {
        using TestedCache limited = Limited(1_000_000);
        limited.Cache.Set("key", new byte[500_000], new MemoryCacheEntryOptions { Size = declared });

        Assert.Equal(Differs(Deviations.MeasuredSize, memoryCache: true, bounded: false), limited.Size == declared);
        Assert.Equal(
            Differs(Deviations.MeasuredSize, memoryCache: false, bounded: true),
            limited.Size is > 500_000 and < 500_300);
    }

    [Fact]
    public void A_size_that_is_declared_larger_than_what_it_is()
    {
        using TestedCache limited = Limited(1_000_000);
        limited.Cache.Set("key", new byte[10], new MemoryCacheEntryOptions { Size = 500_000 });

        long more = limited.Size - 500_000;
        Assert.Equal(Differs(Deviations.MeasuredSize, memoryCache: false, bounded: true), more > 0);
        Assert.InRange(more, 0, 200);
    }

    [Fact]
    public void A_value_larger_than_the_limit_is_refused_though_it_declares_nothing_of_the_kind()
    {
        using TestedCache limited = Limited(100_000);
        limited.Cache.Set(
            "key",
            new byte[200_000],
            new MemoryCacheEntryOptions { Size = 1 }.RegisterPostEvictionCallback(Departures.Record));

        Assert.Equal(
            Differs(Deviations.MeasuredSize, memoryCache: true, bounded: false),
            limited.Cache.TryGetValue("key", out _));
        Departure[] told = Departures.Take(Differs(Deviations.MeasuredSize, memoryCache: 0, bounded: 1));
        Assert.All(told, static departure => Assert.Equal(EvictionReason.Capacity, departure.Reason));
    }

    private TestedCache Limited(long bytes) => Kind == CacheKind.MemoryCache
        ? Make(new() { SizeLimit = bytes })
        : TestedBoundedMemoryCache.Measured(bytes, TestedCache.PolicyOf(Kind), Time, Log);

    public sealed class OnMemoryCache() : MeasuredSizeContract(CacheKind.MemoryCache);

    public sealed class OnBoundedMemoryCache() : MeasuredSizeContract(CacheKind.BoundedMemoryCache);

    public sealed class OnScanResistant() : MeasuredSizeContract(CacheKind.ScanResistant);
}
