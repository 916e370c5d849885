using System.Buffers;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Internal;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using static BoundedCache.Tests.Bytes.ByteCacheSetup;

namespace BoundedCache.Tests.Bytes;

/// <summary>What every distributed cache promises, tested on Microsoft's in memory and on ours.</summary>
public abstract class DistributedCacheContract
{
    private static readonly DistributedCacheEntryOptions s_never = new();

    protected FakeTimeProvider Time { get; } = Clock();

    protected abstract IDistributedCache Make();

    [Fact]
    public async Task What_was_set_is_there_until_it_is_removed()
    {
        IDistributedCache cache = Make();
        Assert.Null(cache.Get("a"));
        cache.Set("a", Value(1, 100), s_never);
        await cache.SetAsync("b", [], s_never);
        await cache.SetAsync("", [1], s_never);
        Assert.Equal(Value(1, 100), cache.Get("a"));
        byte[]? none = await cache.GetAsync("b");
        Assert.NotNull(none);
        Assert.Empty(none);
        Assert.Equal([1], cache.Get(""));
        cache.Remove("a");
        cache.Remove("a");
        await cache.RemoveAsync("b");
        Assert.Null(await cache.GetAsync("a"));
        Assert.Null(cache.Get("b"));
        cache.Refresh("a");
        await cache.RefreshAsync("a");
    }

    [Fact]
    public void Nulls_are_refused()
    {
        IDistributedCache cache = Make();
        Assert.Throws<ArgumentNullException>(() => cache.Get(null!));
        Assert.Throws<ArgumentNullException>(() => cache.Set(null!, [], s_never));
        Assert.Throws<ArgumentNullException>(() => cache.Set("a", null!, s_never));
        Assert.Throws<ArgumentNullException>(() => cache.Set("a", [], null!));
        Assert.Throws<ArgumentNullException>(() => cache.Remove(null!));
        Assert.Throws<ArgumentNullException>(() => cache.Refresh(null!));
    }

    [Fact]
    public void The_caller_may_change_its_array_after_reading()
    {
        IDistributedCache cache = Make();
        cache.Set("a", Value(1, 100), s_never);
        byte[] changed = cache.Get("a")!;
        if (!ReferenceEquals(changed, cache.Get("a")))
        {
            changed[0]++;
        }

        Assert.Equal(Value(1, 100), cache.Get("a"));
    }

    [Fact]
    public void Times_of_all_kinds_hold()
    {
        IDistributedCache cache = Make();
        DateTimeOffset now = Time.GetUtcNow();
        cache.Set("at", [1], new DistributedCacheEntryOptions { AbsoluteExpiration = now.AddSeconds(10) });
        cache.Set("in", [1], new DistributedCacheEntryOptions
        {
            AbsoluteExpirationRelativeToNow = TimeSpan.FromSeconds(10),
        });
        cache.Set("both", [1], new DistributedCacheEntryOptions
        {
            AbsoluteExpiration = now.AddSeconds(100),
            AbsoluteExpirationRelativeToNow = TimeSpan.FromSeconds(10),
        });
        cache.Set("slides", [1], new DistributedCacheEntryOptions { SlidingExpiration = TimeSpan.FromSeconds(10) });
        cache.Set("ends", [1], new DistributedCacheEntryOptions
        {
            SlidingExpiration = TimeSpan.FromSeconds(10),
            AbsoluteExpirationRelativeToNow = TimeSpan.FromSeconds(15),
        });
        Time.Advance(TimeSpan.FromSeconds(9));
        Assert.All((string[])["at", "in", "both", "slides", "ends"], key => Assert.NotNull(cache.Get(key)));
        Time.Advance(TimeSpan.FromSeconds(2));
        Assert.All((string[])["at", "in", "both"], key => Assert.Null(cache.Get(key)));
        cache.Refresh("slides");
        Assert.NotNull(cache.Get("ends"));
        Time.Advance(TimeSpan.FromSeconds(9));
        Assert.NotNull(cache.Get("slides"));
        Assert.Null(cache.Get("ends"));
        Time.Advance(TimeSpan.FromSeconds(11));
        Assert.Null(cache.Get("slides"));
    }

    [Fact]
    public void A_value_that_is_set_expired_replaces_and_is_not_there()
    {
        IDistributedCache cache = Make();
        cache.Set("a", [1], s_never);
        cache.Set("a", [2], new DistributedCacheEntryOptions { AbsoluteExpiration = Time.GetUtcNow().AddSeconds(-1) });
        Assert.Null(cache.Get("a"));
    }

    [Fact]
    public void A_new_value_takes_the_times_of_its_own()
    {
        IDistributedCache cache = Make();
        cache.Set("a", [1], new DistributedCacheEntryOptions { SlidingExpiration = TimeSpan.FromSeconds(10) });
        cache.Set("a", [2], s_never);
        Time.Advance(TimeSpan.FromSeconds(60));
        Assert.Equal([2], cache.Get("a"));
    }

    public sealed class OfMemoryDistributedCache : DistributedCacheContract
    {
        protected override IDistributedCache Make() => new MemoryDistributedCache(
            Options.Create(new MemoryDistributedCacheOptions { Clock = new SystemClock(Time) }));

        private sealed class SystemClock(TimeProvider time) : ISystemClock
        {
            public DateTimeOffset UtcNow => time.GetUtcNow();
        }
    }

    public sealed class OfBoundedDistributedCache : DistributedCacheContract, IDisposable
    {
        private ServiceProvider? _provider;

        public void Dispose() => _provider?.Dispose();

        protected override IDistributedCache Make()
        {
            _provider = new ServiceCollection()
                .AddBoundedDistributedCache(options =>
                {
                    options.MaxMemory = 4 * MiB;
                    options.TimeProvider = Time;
                })
                .BuildServiceProvider();
            return _provider.GetRequiredService<IDistributedCache>();
        }

        [Fact]
        public async Task Buffers_are_read_and_written()
        {
            var cache = (IBufferDistributedCache)Make();
            cache.Set("a", new ReadOnlySequence<byte>(Value(1, 100_000)), s_never);
            await cache.SetAsync("b", new ReadOnlySequence<byte>(Value(2, 10)), s_never);
            var writer = new ArrayBufferWriter<byte>();
            Assert.True(cache.TryGet("a", writer));
            Assert.Equal(Value(1, 100_000), writer.WrittenSpan.ToArray());
            writer.Clear();
            Assert.True(await cache.TryGetAsync("b", writer));
            Assert.Equal(Value(2, 10), writer.WrittenSpan.ToArray());
            Assert.False(cache.TryGet("c", writer));
        }
    }
}
