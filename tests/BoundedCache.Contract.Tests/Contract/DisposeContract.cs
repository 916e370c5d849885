using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Primitives;

namespace BoundedCache.Contract.Tests;

/// <summary>A cache that is used after it was disposed.</summary>
public abstract class DisposeContract(CacheKind kind) : CacheContract(kind)
{
    public static TheoryData<string> Members => [.. s_members.Keys];

    private static readonly Dictionary<string, Action<TestedCache>> s_members = new()
    {
        ["TryGetValue"] = static cache => cache.Cache.TryGetValue("key", out _),
        ["TryGetValue, not a string"] = static cache => cache.Cache.TryGetValue(1, out _),
        ["TryGetValue, characters"] = static cache => cache.TryGetValue("key".AsSpan(), out _),
        ["TryGetValue, characters and type"] = static cache => cache.TryGetValue("key".AsSpan(), out int _),
        ["CreateEntry"] = static cache => cache.Cache.CreateEntry("key"),
        ["CreateEntry, no key"] = static cache => cache.Cache.CreateEntry(null!),
        ["Remove"] = static cache => cache.Cache.Remove("key"),
        ["Remove, not a string"] = static cache => cache.Cache.Remove(1),
        ["Clear"] = static cache => cache.Clear(),
        ["Get"] = static cache => cache.Cache.Get("key"),
        ["GetOrCreate"] = static cache => cache.Cache.GetOrCreate("key", static _ => 1),
        ["Set"] = static cache => cache.Cache.Set("key", 1),
    };

    [Theory]
    [MemberData(nameof(Members))]
    public void Members_that_read_or_write_throw(string member)
    {
        Set("key", 1);
        Cache.Dispose();

        ObjectDisposedException error = Assert.Throws<ObjectDisposedException>(() => s_members[member](Tested));
        Assert.Equal(Cache.GetType().FullName, error.ObjectName);
    }

    [Fact]
    public void A_null_key_is_still_the_first_thing_that_is_wrong_with_a_lookup_and_a_removal()
    {
        Cache.Dispose();

        Assert.Throws<ArgumentNullException>("key", () => Cache.TryGetValue(null!, out _));
        Assert.Throws<ArgumentNullException>("key", () => Cache.Remove(null!));
    }

    [Fact]
    public void Members_that_only_look_or_tidy_up_do_not_throw()
    {
        Setup = new() { TrackStatistics = true };
        Set("key", 1);
        Has("key");
        Cache.Dispose();

        int left = Differs(Deviations.DisposeEmpties, memoryCache: 1, bounded: 0);
        Assert.Equal(left, Tested.Count);
        Assert.Equal(left, Tested.Keys.Count());
        Assert.Equal(
            (left, 1L), (Cache.GetCurrentStatistics()!.CurrentEntryCount, Cache.GetCurrentStatistics()!.TotalHits));
        Tested.Compact(1);
        Assert.Equal(0, Tested.Count);
    }

    [Fact]
    public void Disposing_twice_is_harmless()
    {
        Cache.Dispose();
        Cache.Dispose();
    }

    [Fact]
    public void Disposing_runs_no_callbacks()
    {
        Set("key", 1);
        Cache.Dispose();

        Departures.AssertNoMore();
    }

    [Fact]
    public void An_entry_that_is_finished_after_its_cache_is_stored_nowhere_and_throws_nothing()
    {
        Setup = new() { SizeLimit = 10 };
        ICacheEntry entry = Cache.CreateEntry("key");
        entry.Value = 1;
        entry.RegisterPostEvictionCallback(Departures.Record);
        entry.AddExpirationToken(new FakeToken());
        Cache.Dispose();

        entry.Dispose();

        Assert.Equal(0, Tested.Count);
        Departures.AssertNoMore();
    }

    [Fact]
    public void A_token_that_outlives_the_cache()
    {
        var token = new FakeToken();
        Set("key", 1, entry => entry.AddExpirationToken(token));
        Cache.Dispose();
        Assert.Equal(Differs(Deviations.DisposeEmpties, memoryCache: 1, bounded: 0), token.Subscribed);

        token.Change();

        Departure[] told = Differs(
            Deviations.DisposeEmpties,
            memoryCache: [new Departure("key", 1, EvictionReason.TokenExpired)],
            bounded: Array.Empty<Departure>());
        Assert.Equal(told, Departures.Take(told.Length));
        Departures.AssertNoMore();
    }

    [Fact]
    public void A_cache_that_is_dropped_while_a_token_lives()
    {
        using var source = new CancellationTokenSource();
        WeakReference dropped = Drop(source.Token);

        bool collected = false;
        for (int i = 0; i < 20 && !collected; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            collected = !dropped.IsAlive;
        }

        Assert.Equal(Differs(Deviations.DroppedIsCollected, memoryCache: false, bounded: true), collected);
    }

    [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
    private WeakReference Drop(CancellationToken token)
    {
        IMemoryCache cache = TestedCache.Create(Kind, Setup, Time, Log).Cache;
        cache.Set("key", 1, new CancellationChangeToken(token));
        return new WeakReference(cache);
    }

    public sealed class OnMemoryCache() : DisposeContract(CacheKind.MemoryCache);

    public sealed class OnBoundedMemoryCache() : DisposeContract(CacheKind.BoundedMemoryCache);

    public sealed class OnScanResistant() : DisposeContract(CacheKind.ScanResistant);
}
