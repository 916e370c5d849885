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
    public async Task Nulls_are_refused_by_asynchronous_methods()
    {
        IDistributedCache cache = Make();
        await Assert.ThrowsAsync<ArgumentNullException>(() => cache.GetAsync(null!));
        await Assert.ThrowsAsync<ArgumentNullException>(() => cache.SetAsync(null!, [], s_never));
        await Assert.ThrowsAsync<ArgumentNullException>(() => cache.SetAsync("a", null!, s_never));
        await Assert.ThrowsAsync<ArgumentNullException>(() => cache.SetAsync("a", [], null!));
        await Assert.ThrowsAsync<ArgumentNullException>(() => cache.RemoveAsync(null!));
        await Assert.ThrowsAsync<ArgumentNullException>(() => cache.RefreshAsync(null!));
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
    public void Times_at_the_ends_of_time_hold()
    {
        IDistributedCache cache = Make();
        cache.Set("latest", [1], new DistributedCacheEntryOptions { AbsoluteExpiration = DateTimeOffset.MaxValue });
        cache.Set("slides", [1], new DistributedCacheEntryOptions { SlidingExpiration = TimeSpan.MaxValue });
        cache.Set("earliest", [1], s_never);
        cache.Set("earliest", [2], new DistributedCacheEntryOptions { AbsoluteExpiration = default(DateTimeOffset) });
        // Not by Advance, which would call a timer of a minute half a thousand million times.
        Time.AdjustTime(Time.GetUtcNow().AddDays(365_000));
        Assert.NotNull(cache.Get("latest"));
        Assert.NotNull(cache.Get("slides"));
        Assert.Null(cache.Get("earliest"));
    }

    [Fact]
    public void An_entry_is_there_before_the_tick_of_its_end_and_not_at_it()
    {
        IDistributedCache cache = Make();
        var window = TimeSpan.FromSeconds(10);
        DistributedCacheEntryOptions[] options =
        [
            new() { AbsoluteExpiration = Time.GetUtcNow() + window },
            new() { AbsoluteExpirationRelativeToNow = window },
            new() { SlidingExpiration = window },
        ];
        for (int i = 0; i < options.Length; i++)
        {
            cache.Set($"{i}", [1], options[i]);
        }

        Time.Advance(window - TimeSpan.FromTicks(1));
        Assert.All((string[])["0", "1", "2"], key => Assert.NotNull(cache.Get(key)));
        Time.Advance(TimeSpan.FromTicks(1));
        Assert.All((string[])["0", "1"], key => Assert.Null(cache.Get(key)));
        Time.Advance(window - TimeSpan.FromTicks(2));
        Assert.NotNull(cache.Get("2"));
        Time.Advance(window);
        Assert.Null(cache.Get("2"));
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

        [Fact]
        public void A_time_beyond_the_last_one_throws() =>
            Assert.Throws<ArgumentOutOfRangeException>(() => Make().Set("a", [1], new DistributedCacheEntryOptions
            {
                AbsoluteExpirationRelativeToNow = TimeSpan.MaxValue,
            }));

        private sealed class SystemClock(TimeProvider time) : ISystemClock
        {
            public DateTimeOffset UtcNow => time.GetUtcNow();
        }
    }

    public sealed class OfBoundedDistributedCache : DistributedCacheContract, IDisposable
    {
        private ServiceProvider? _provider;

        public void Dispose()
        {
            _provider?.GetRequiredKeyedService<BoundedByteCache>("distributed-cache").Engine.CheckInvariants();
            _provider?.Dispose();
        }

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
        public async Task Nulls_are_refused_by_methods_with_buffers()
        {
            var cache = (IBufferDistributedCache)Make();
            var writer = new ArrayBufferWriter<byte>();
            Assert.Throws<ArgumentNullException>(() => cache.TryGet(null!, writer));
            Assert.Throws<ArgumentNullException>(() => cache.TryGet("a", null!));
            Assert.Throws<ArgumentNullException>(() => cache.Set(null!, default(ReadOnlySequence<byte>), s_never));
            Assert.Throws<ArgumentNullException>(() => cache.Set("a", default(ReadOnlySequence<byte>), null!));
            await Assert.ThrowsAsync<ArgumentNullException>(async () => await cache.TryGetAsync(null!, writer));
            await Assert.ThrowsAsync<ArgumentNullException>(async () => await cache.TryGetAsync("a", null!));
            await Assert.ThrowsAsync<ArgumentNullException>(
                async () => await cache.SetAsync(null!, default(ReadOnlySequence<byte>), s_never));
            await Assert.ThrowsAsync<ArgumentNullException>(
                async () => await cache.SetAsync("a", default(ReadOnlySequence<byte>), null!));
        }

        [Fact]
        public void A_time_beyond_the_last_one_means_never()
        {
            IDistributedCache cache = Make();
            cache.Set("a", [1], new DistributedCacheEntryOptions
            {
                AbsoluteExpirationRelativeToNow = TimeSpan.MaxValue,
            });
            Time.AdjustTime(Time.GetUtcNow().AddDays(365_000));
            Assert.NotNull(cache.Get("a"));
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
