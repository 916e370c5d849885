using System.Collections.Concurrent;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Tests;

public sealed class DisposeTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    public static TheoryData<string> Members => [.. s_members.Keys];

    private static readonly Dictionary<string, Action<BoundedMemoryCache>> s_members = new()
    {
        ["TryGetValue"] = static cache => cache.TryGetValue("key", out _),
        ["TryGetValue, not a string"] = static cache => cache.TryGetValue(1, out _),
        ["TryGetValue, characters"] = static cache => cache.TryGetValue("key".AsSpan(), out _),
        ["CreateEntry"] = static cache => cache.CreateEntry("key"),
        ["Remove"] = static cache => cache.Remove("key"),
        ["Clear"] = static cache => cache.Clear(),
        ["MaxMemory"] = static cache => cache.MaxMemory = 5,
        ["SetMaxMemoryAsync"] = static cache => cache.SetMaxMemoryAsync(5).GetAwaiter().GetResult(),
        ["ReleaseAsync"] = static cache => cache.ReleaseAsync(ReleaseMode.None).GetAwaiter().GetResult(),
    };

    [Theory]
    [MemberData(nameof(Members))]
    public void Members_of_a_disposed_cache_throw(string member)
    {
        using var test = new CacheUnderTest();
        test.Set("key", 1);
        test.Cache.Dispose();

        ObjectDisposedException error = Assert.Throws<ObjectDisposedException>(() => s_members[member](test.Cache));
        Assert.Equal(typeof(BoundedMemoryCache).FullName, error.ObjectName);
    }

    [Fact]
    public void Figures_of_a_disposed_cache_can_still_be_read()
    {
        using var test = new CacheUnderTest(static options => options.TrackStatistics = true);
        test.Set("key", 1);
        test.Cache.Dispose();

        Assert.Equal(
            (0, 0L, 1_000_000L, "test"),
            (test.Cache.Count, test.Cache.UsedMemory, test.Cache.MaxMemory, test.Cache.Name));
        Assert.Equal(0, test.Cache.GetCurrentStatistics()!.CurrentEntryCount);
        Assert.Empty(test.Cache.Keys);
    }

    [Fact]
    public void A_disposed_cache_can_still_be_compacted_to_no_effect()
    {
        using var test = new CacheUnderTest();
        test.Cache.Dispose();
        test.Cache.Compact(1);
    }

    [Fact]
    public void Disposing_twice_is_harmless()
    {
        using var test = new CacheUnderTest();
        test.Cache.Dispose();
        test.Cache.Dispose();
    }

    /// <summary>The writer comes when the cache says that it is disposed, and still has all its entries.</summary>
    [Fact]
    public void A_write_in_the_middle_of_a_disposal_removes_no_entry_of_others()
    {
        var test = new CacheUnderTest(static options => options.DisposeValues = true);
        using var isWriting = new ManualResetEventSlim();
        using var goesOn = new ManualResetEventSlim();
        int disposer = Environment.CurrentManagedThreadId;
        var disposedOn = new ConcurrentQueue<int>();
        Action note = () => disposedOn.Enqueue(Environment.CurrentManagedThreadId);
        for (int i = 0; i < 50; i++)
        {
            test.Set(i, new Disposal.Value { OnDispose = note });
        }

        var key = new CallingKey(() =>
        {
            isWriting.Set();
            Assert.True(goesOn.Wait(s_patience));
        });
        var writer = new Thread(() => test.Set(key, new Disposal.Value { OnDispose = note }));
        writer.Start();
        Assert.True(isWriting.Wait(s_patience));
        test.Cache.DisposeWithCache(new Companion(() =>
        {
            goesOn.Set();
            Assert.True(writer.Join(s_patience));
        }));
        test.Dispose();

        Assert.Equal(Enumerable.Repeat(disposer, 51), disposedOn);
        Assert.Empty(test.TakeDepartures());
        Assert.Equal((0, 0L), (test.Cache.Count, test.Cache.UsedMemory));
    }

    [Fact]
    public void A_write_that_comes_to_its_end_after_the_disposal_leaves_nothing_behind()
    {
        var test = new CacheUnderTest(static options => options.DisposeValues = true);
        using var value = new Disposal.Value();
        test.Set(new CallingKey(test.Dispose), value);

        Assert.Equal((0, 0L, 1), (test.Cache.Count, test.Cache.UsedMemory, value.Disposals));
        Assert.Empty(test.TakeDepartures());
    }

    [Fact]
    public void An_entry_that_is_finished_after_its_cache_is_stored_nowhere()
    {
        using var test = new CacheUnderTest();
        using (ICacheEntry entry = test.Cache.CreateEntry("key"))
        {
            entry.Value = 1;
            test.Cache.Dispose();
        }

        Assert.Equal(0, test.Cache.Count);
    }

    /// <summary>A key that does something when it is first hashed: in the middle of its write.</summary>
    private sealed class CallingKey(Action action)
    {
        private bool _hasCalled;

        public override int GetHashCode()
        {
            if (!_hasCalled)
            {
                _hasCalled = true;
                action();
            }

            return 1;
        }

        public override bool Equals(object? obj) => ReferenceEquals(this, obj);
    }

    private sealed class Companion(Action onDispose) : IDisposable
    {
        public void Dispose() => onDispose();
    }
}
