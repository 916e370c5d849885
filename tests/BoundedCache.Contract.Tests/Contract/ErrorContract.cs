using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Contract.Tests;

/// <summary>What is refused, with which exception and which parameter's name.</summary>
public abstract class ErrorContract(CacheKind kind) : CacheContract(kind)
{
    [Fact]
    public void A_null_key_is_an_error()
    {
        Assert.Throws<ArgumentNullException>("key", () => Cache.TryGetValue(null!, out _));
        Assert.Throws<ArgumentNullException>("key", () => Cache.Remove(null!));
        Assert.Throws<ArgumentNullException>("key", () => Cache.CreateEntry(null!));
        Assert.Throws<ArgumentNullException>("key", () => Tested.TryGetByObject(null, out _));
    }

    [Fact]
    public void A_null_key_is_an_error_through_the_extensions_too()
    {
        Assert.Throws<ArgumentNullException>("key", () => Cache.Get(null!));
        Assert.Throws<ArgumentNullException>("key", () => Cache.Set(null!, 1));
        Assert.Throws<ArgumentNullException>("key", () => Cache.GetOrCreate(null!, static _ => 1));
    }

    public static TheoryData<string> Overloads => [.. s_overloads.Keys];

    private static readonly Dictionary<string, Func<IMemoryCache, object?>> s_overloads = new()
    {
        ["Get of a type"] = static cache => cache.Get<int>(null!),
        ["TryGetValue of a type"] = static cache => cache.TryGetValue(null!, out int _),
        ["Set until a moment"] = static cache => cache.Set(null!, 1, DateTimeOffset.MaxValue),
        ["Set for a span"] = static cache => cache.Set(null!, 1, Minute),
        ["Set until a token changes"] = static cache => cache.Set(null!, 1, new FakeToken()),
        ["Set with options"] = static cache => cache.Set(null!, 1, new MemoryCacheEntryOptions()),
        ["GetOrCreate with options"] = static cache =>
            cache.GetOrCreate(null!, static _ => 1, new MemoryCacheEntryOptions()),
        ["GetOrCreateAsync"] = static cache =>
            cache.GetOrCreateAsync(null!, static _ => Task.FromResult(1)).GetAwaiter().GetResult(),
        ["GetOrCreateAsync with options"] = static cache =>
            cache.GetOrCreateAsync(null!, static _ => Task.FromResult(1), new MemoryCacheEntryOptions())
                .GetAwaiter()
                .GetResult(),
    };

    [Theory]
    [MemberData(nameof(Overloads))]
    public void A_null_key_is_an_error_in_every_overload(string overload)
    {
        Assert.Throws<ArgumentNullException>("key", () => s_overloads[overload](Cache));
        Assert.Equal(0, Tested.Count);
    }

    [Fact]
    public void A_key_that_cannot_be_compared_is_an_error_and_harms_no_other()
    {
        Set(new Incomparable(), 1);
        Set("other", 2);

        Assert.Throws<InvalidTimeZoneException>(() => Has(new Incomparable()));
        Assert.Throws<InvalidTimeZoneException>(() => Set(new Incomparable(), 2));
        Assert.Throws<InvalidTimeZoneException>(() => Cache.Remove(new Incomparable()));
        Assert.Equal((2, 2), (Tested.Count, (int)Cache.Get("other")!));
        Tested.Clear();
        Assert.Equal(0, Tested.Count);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(long.MinValue)]
    public void Expirations_that_are_not_positive_are_errors_and_change_nothing(long ticks)
    {
        var span = new TimeSpan(ticks);
        using ICacheEntry entry = Cache.CreateEntry("key");
        entry.AbsoluteExpirationRelativeToNow = Minute;
        entry.SlidingExpiration = Minute;

        ArgumentOutOfRangeException relative = Assert.Throws<ArgumentOutOfRangeException>(
            "AbsoluteExpirationRelativeToNow", () => entry.AbsoluteExpirationRelativeToNow = span);
        ArgumentOutOfRangeException sliding = Assert.Throws<ArgumentOutOfRangeException>(
            "SlidingExpiration", () => entry.SlidingExpiration = span);
        Assert.Equal((span, span), (relative.ActualValue, sliding.ActualValue));
        Assert.Equal((Minute, Minute), (entry.AbsoluteExpirationRelativeToNow, entry.SlidingExpiration));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(long.MinValue)]
    public void A_negative_size_is_an_error_and_changes_nothing(long size)
    {
        using ICacheEntry entry = Cache.CreateEntry("key");
        entry.Size = 5;

        ArgumentOutOfRangeException error = Assert.Throws<ArgumentOutOfRangeException>(
            "value", () => entry.Size = size);
        Assert.Equal(size, error.ActualValue);
        Assert.Equal(5, entry.Size);
        Assert.Throws<ArgumentOutOfRangeException>(() => entry.SetSize(size));
    }

    [Fact]
    public void The_expirations_of_options_are_checked_likewise()
    {
        Assert.Throws<ArgumentOutOfRangeException>(
            "AbsoluteExpirationRelativeToNow", () => Cache.Set("key", 1, TimeSpan.Zero));
        Assert.Throws<ArgumentOutOfRangeException>(
            "AbsoluteExpirationRelativeToNow", () => Cache.Set("key", 1, -Minute));

        Assert.False(Has("key"));
    }

    [Fact]
    public void Null_collaborators_are_errors()
    {
        using ICacheEntry entry = Cache.CreateEntry("key");

        Assert.Throws<ArgumentNullException>("expirationToken", () => entry.AddExpirationToken(null!));
        Assert.Throws<ArgumentNullException>("callback", () => entry.RegisterPostEvictionCallback(null!));
        Assert.Throws<ArgumentNullException>("options", () => entry.SetOptions(null!));
    }

    [Fact]
    public void A_null_among_the_tokens_is_an_error_at_the_commit()
    {
        ICacheEntry entry = Cache.CreateEntry("key");
        entry.Value = 1;
        entry.ExpirationTokens.Add(null!);

        Assert.Throws<NullReferenceException>(entry.Dispose);
        Assert.Equal(0, Tested.Count);
    }

    [Theory]
    [InlineData(42)]
    [InlineData(-1)]
    public void A_priority_that_does_not_exist(int priority)
    {
        Set("odd", 1, entry => entry.Priority = (CacheItemPriority)priority);
        Assert.Equal(1, Cache.Get("odd"));

        Assert.Equal(
            Differs(Deviations.UndefinedPriority, memoryCache: typeof(NotSupportedException), bounded: null),
            Thrown(() => Tested.Compact(1)));
        Assert.Equal(Differs(Deviations.UndefinedPriority, memoryCache: 1, bounded: 0), Tested.Count);
    }

    [Theory]
    [InlineData(double.NaN, 4)]
    [InlineData(double.NegativeInfinity, 4)]
    [InlineData(-0.1, 4)]
    [InlineData(1.1, 0)]
    [InlineData(100, 0)]
    [InlineData(double.PositiveInfinity, 0)]
    public void A_share_that_is_none_removes_nothing_or_everything(double share, int left)
    {
        Setup = new() { SizeLimit = 100 };
        for (int i = 0; i < 4; i++)
        {
            SetSized(i, 1);
        }

        Tested.Compact(share);

        Assert.Equal(left, Tested.Count);
    }

    public sealed class OnMemoryCache() : ErrorContract(CacheKind.MemoryCache);

    public sealed class OnBoundedMemoryCache() : ErrorContract(CacheKind.BoundedMemoryCache);

    public sealed class OnScanResistant() : ErrorContract(CacheKind.ScanResistant);

    private sealed class Incomparable
    {
        public override int GetHashCode() => 1;

        public override bool Equals(object? obj) => throw new InvalidTimeZoneException();
    }
}
