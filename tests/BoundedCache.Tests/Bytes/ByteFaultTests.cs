using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using BoundedCache.Bytes;
using BoundedCache.TestSupport;
using Microsoft.Extensions.Caching.Distributed;
using static BoundedCache.Tests.Bytes.ByteCacheSetup;

namespace BoundedCache.Tests.Bytes;

public sealed class ByteFaultTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    [Fact]
    public void The_clock_is_asked_without_the_lock()
    {
        var clock = new HookedClock();
        using BoundedByteCache cache = Make(time: clock);
        clock.OnAsked = () =>
        {
            var writer = new Thread(() => cache.Set("other", [2]));
            writer.Start();
            Assert.True(writer.Join(s_patience), "The lock is held while the clock is asked.");
        };
        foreach (string key in (string[])["removed", "refreshed", "read"])
        {
            cache.Set(key, [1], new DistributedCacheEntryOptions { SlidingExpiration = TimeSpan.FromMinutes(1) });
        }

        Assert.True(cache.Remove("removed"));
        Assert.True(cache.Refresh("refreshed"));
        Assert.NotNull(cache.Get("read"));
        clock.Now += TimeSpan.FromHours(1);
        Assert.Null(cache.Get("read"));

        Assert.True(clock.Asked > 6);
        cache.Engine.CheckInvariants();
    }

    [Fact]
    public void A_clock_that_throws_in_the_scan_does_not_end_the_process()
    {
        var clock = new ThrowingClock();
        using var log = new RecordingLog();
        using var cache = new BoundedByteCache(new BoundedByteCacheOptions { TimeProvider = clock }, log);
        cache.Set("a", [1], new DistributedCacheEntryOptions { SlidingExpiration = TimeSpan.FromHours(1) });
        clock.Throws = true;

        clock.Tick();
        clock.Tick();

        Assert.True(clock.Thrown > 1);
        Assert.IsType<InvalidTimeZoneException>(
            Assert.Single(log.Records, static record => record.Id.Name == "ScanFailed").Exception);
        clock.Throws = false;
        clock.Now = clock.Now.AddHours(2);
        clock.Tick();
        Assert.Equal(0, cache.Count);
        cache.Engine.CheckInvariants();
    }

    [Theory]
    [InlineData("get")]
    [InlineData("refresh")]
    [InlineData("remove")]
    public void What_the_clock_said_does_not_hold_for_an_entry_that_came_later(string operation)
    {
        var clock = new HookedClock();
        using BoundedByteCache cache = Make(time: clock);
        cache.Set("key", [1], new DistributedCacheEntryOptions { SlidingExpiration = TimeSpan.FromMinutes(1) });
        clock.OnAsked = () =>
        {
            // While the operation knows the old time: the entry expires, and another comes that expires too.
            clock.OnAsked = null;
            long later = clock.Now.AddMinutes(2).UtcTicks;
            clock.Now = clock.Now.AddMinutes(1);
            Assert.False(cache.Refresh("key"));
            Assert.True(cache.Engine.Set("key", [2], new EntryExpiration(later, TimeSpan.TicksPerMinute, later)));
            clock.Now = clock.Now.AddMinutes(1);
        };

        bool isThere = operation switch
        {
            "get" => cache.Get("key") is not null,
            "refresh" => cache.Refresh("key"),
            _ => cache.Remove("key"),
        };

        Assert.False(isThere);
        Assert.Null(cache.Get("key"));
        Assert.Equal(0, cache.Count);
        cache.Engine.CheckInvariants();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public void Where_the_system_refuses_memory_the_cache_makes_do_with_what_it_has(int mappings)
    {
        var pages = new FakePages { Allowed = mappings };
        using BoundedByteCache cache = Make(64 * MiB, pages: pages);
        int stored = 0;
        for (int i = 0; i < 20_000; i++)
        {
            stored += cache.Set($"k{i}", Value(i, 900)) ? 1 : 0;
        }

        bool isLargeStored = cache.Set("large", Value(1, 300_000));
        Assert.Equal(mappings >= 4, stored > 0);
        Assert.Equal(mappings >= 4 ? 20_000 : 0, stored);
        Assert.Equal(mappings >= 4, isLargeStored);
        Assert.Equal(isLargeStored ? Value(1, 300_000) : null, cache.Get("large"));
        cache.Engine.CheckInvariants();

        pages.Allowed = int.MaxValue;
        for (int i = 0; i < 20_000; i++)
        {
            Assert.True(cache.Set($"k{i}", Value(i, 900)));
        }

        Assert.Equal(20_000, cache.Count - (isLargeStored ? 1 : 0));
        cache.Engine.CheckInvariants();
    }

    [Fact]
    public void Where_the_system_refuses_addresses_nothing_is_evicted_that_cannot_help()
    {
        var pages = new FakePages { Allowed = 4 };
        using BoundedByteCache cache = Make(64 * MiB, pages: pages);
        for (int i = 0; i < 10_000; i++)
        {
            Assert.True(cache.Set($"k{i}", Value(i, 900)));
        }

        int count = cache.Count;
        Assert.False(cache.Set("k", new byte[20_000]));
        Assert.Equal(count, cache.Count);
        Assert.False(cache.Set("k", new byte[5_000_000]));
        Assert.Equal(count, cache.Count);
        cache.Engine.CheckInvariants();
    }

    [Fact]
    public void A_value_that_finds_its_room_held_by_another_write_evicts_nothing()
    {
        using BoundedByteCache cache = Make(64 * MiB);
        for (int i = 0; i < 100; i++)
        {
            Assert.True(cache.Set($"k{i}", Value(i, 900)));
        }

        int count = cache.Count;
        bool isInner = true;
        var pieces = HookedSegment.Make(40 * (int)MiB, () => isInner = cache.Set("inner", new byte[40 * MiB]));

        Assert.True(cache.Set("outer", pieces));

        Assert.False(isInner);
        Assert.Equal(count + 1, cache.Count);
        Assert.True(cache.Set("inner", new byte[40 * MiB]));
        cache.Engine.CheckInvariants();
    }

    [Fact]
    public void A_value_that_finds_its_room_held_by_a_reader_evicts_nothing()
    {
        using BoundedByteCache cache = Make(8 * MiB);
        cache.Set("large", Value(1, 5_000_000));
        cache.Set("small", Value(2, 900));
        bool isStored = true;
        var reader = new Writer(() =>
        {
            isStored = isStored && cache.Set("other", new byte[5_000_000]);
            Assert.NotNull(cache.Get("small"));
        });

        Assert.True(cache.TryGet("large", reader));

        Assert.False(isStored);
        Assert.True(cache.Set("other", new byte[5_000_000]));
        cache.Engine.CheckInvariants();
    }

    [Fact]
    public void What_the_system_does_not_take_back_stays_in_the_account_and_is_used_again()
    {
        var pages = new FakePages { IsLocked = true };
        using BoundedByteCache cache = Make(32 * MiB, pages: pages);
        for (int i = 0; cache.UsedMemory < 30 * MiB; i++)
        {
            Assert.True(cache.Set($"k{i}", Value(i, i % 3 == 0 ? 20_000 : 900)));
        }

        long used = cache.UsedMemory;
        cache.MaxMemory = 8 * MiB;

        Assert.Equal(used, cache.UsedMemory);
        Assert.True(cache.Count > 0);
        cache.Engine.CheckInvariants();
        for (int i = 0; i < 20_000; i++)
        {
            Assert.True(cache.Set($"k{i}", Value(i, i % 3 == 0 ? 20_000 : 900)));
        }

        Assert.Equal(used, cache.UsedMemory);
        cache.Engine.CheckInvariants();
        pages.IsLocked = false;
        cache.MaxMemory = 8 * MiB;
        Assert.InRange(cache.UsedMemory, 7 * MiB, 8 * MiB);
        cache.Engine.CheckInvariants();
        cache.Clear();
        Assert.Equal(0, cache.UsedMemory);
    }

    [Theory]
    [InlineData(100, false)]
    [InlineData(40_000, false)]
    [InlineData(500_000, false)]
    [InlineData(100, true)]
    [InlineData(40_000, true)]
    [InlineData(500_000, true)]
    public void A_writer_that_throws_gets_its_exception_and_harms_nothing(int length, bool slides)
    {
        using BoundedByteCache cache = Make();
        cache.Set("a", Value(1, length), Times(slides));
        Assert.Throws<InvalidTimeZoneException>(() =>
            cache.TryGet("a", new Writer(static () => throw new InvalidTimeZoneException())));
        Assert.Throws<InvalidOperationException>(() => cache.TryGet("a", new Writer(null) { Most = 10 }));
        Assert.Equal(Value(1, length), cache.Get("a"));
        Assert.True(cache.Remove("a"));
        cache.Engine.CheckInvariants();
        cache.Clear();
        Assert.Equal(0, cache.UsedMemory);
    }

    [Theory]
    [InlineData(100, false)]
    [InlineData(40_000, false)]
    [InlineData(500_000, false)]
    [InlineData(100, true)]
    [InlineData(40_000, true)]
    [InlineData(500_000, true)]
    public void A_writer_may_call_the_cache_and_even_dispose_it(int length, bool slides)
    {
        BoundedByteCache cache = Make();
        cache.Set("a", Value(1, length), Times(slides));
        int calls = 0;
        var replacing = new Writer(() =>
        {
            if (calls++ == 0)
            {
                cache.Set("a", Value(2, length), Times(slides));
                cache.Remove("b");
                cache.MaxMemory = 8 * MiB;
            }
        });
        Assert.True(cache.TryGet("a", replacing));
        Assert.True(Is(replacing.Written, 1) || Is(replacing.Written, 2));
        Assert.Equal(length, replacing.Written.Length);
        cache.Engine.CheckInvariants();

        var disposing = new Writer(cache.Dispose);
        try
        {
            Assert.True(cache.TryGet("a", disposing));
            Assert.True(Is(disposing.Written, 2));
        }
        catch (ObjectDisposedException)
        {
            Assert.Empty(disposing.Written);
        }

        Assert.Equal(0, cache.UsedMemory);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_writer_that_blocks_keeps_its_value_and_holds_up_nobody(bool slides)
    {
        using BoundedByteCache cache = Make(8 * MiB);
        using var isIn = new ManualResetEventSlim();
        using var mayGo = new ManualResetEventSlim();
        cache.Set("a", Value(1, 3_000_000), Times(slides));
        var writer = new Writer(() =>
        {
            isIn.Set();
            Assert.True(mayGo.Wait(s_patience));
        });
        var reader = new Thread(() => cache.TryGet("a", writer));
        reader.Start();
        Assert.True(isIn.Wait(s_patience));

        for (int i = 0; i < 50; i++)
        {
            Assert.True(cache.Set("a", Value(i, 2_000_000)));
        }

        cache.MaxMemory = MiB;
        Assert.InRange(cache.UsedMemory, 3_000_000, 3_000_000 + MiB);

        // The reader alone holds more than that: nothing else has room.
        Assert.Equal(0, cache.Count);
        Assert.False(cache.Set("c", [1]));
        cache.MaxMemory = 8 * MiB;
        Assert.False(cache.Set("b", new byte[6_000_000]));
        Assert.True(cache.Set("b", new byte[2_000_000]));

        mayGo.Set();
        Assert.True(reader.Join(s_patience));
        Assert.Equal(Value(1, 3_000_000), writer.Written);
        Assert.True(cache.Set("b", new byte[6_000_000]));
        cache.Engine.CheckInvariants();
    }

    [Fact]
    public void A_value_that_is_being_written_when_the_limit_falls_below_it_is_not_kept()
    {
        using BoundedByteCache cache = Make(8 * MiB);
        Assert.True(cache.Set("small", [1]));
        Assert.True(cache.Set("large", [2]));
        long used = 0;
        ReadOnlySequence<byte> pieces = Sequences.Hooked(new byte[3_000_000], () =>
        {
            cache.MaxMemory = MiB;
            used = cache.UsedMemory;
            Assert.Equal(0, cache.Count);
            Assert.False(cache.Set("other", [1]));
            cache.Engine.CheckInvariants(isQuiet: false);
        });

        Assert.False(cache.Set("large", pieces));

        Assert.InRange(used, 3_000_000, 3_000_000 + MiB);
        Assert.InRange(cache.UsedMemory, 0, MiB);
        Assert.Null(cache.Get("large"));
        Assert.True(cache.Set("other", [1]));
        cache.Engine.CheckInvariants();
    }

    [Fact]
    public async Task A_release_in_the_middle_of_a_shrink_blames_no_reader_alone()
    {
        using BoundedByteCache cache = Make(8 * MiB);
        for (int i = 0; i < 1_000; i++)
        {
            Assert.True(cache.Set($"k{i}", Value(i, 4_000)));
        }

        // What a shrink does first; its thread does not get to evict yet.
        cache.Engine.SetLimit(MiB);
        ShrinkReport report = await ((IBoundedCache)cache).ReleaseAsync(null, default);

        Assert.Equal(1_000, cache.Count);
        Assert.Contains("entries that must go have not all left", report.Reason, StringComparison.Ordinal);
        cache.MaxMemory = MiB;
        Assert.DoesNotContain("beyond the limit", cache.GetSnapshot().LastReport!.Reason, StringComparison.Ordinal);
        cache.Engine.CheckInvariants();
    }

    [Theory]
    [InlineData("get")]
    [InlineData("refresh")]
    [InlineData("remove")]
    public void An_entry_that_others_replace_without_end_is_found_in_the_end(string operation)
    {
        var clock = new HookedClock();
        using BoundedByteCache cache = Make(time: clock);
        cache.Set("key", [1], new DistributedCacheEntryOptions { SlidingExpiration = TimeSpan.FromMinutes(1) });
        int asked = clock.Asked;
        clock.OnAsked = () =>
        {
            // Far more often than anybody may try: without this bound a test that fails would not end.
            if (clock.Asked - asked < 10_000)
            {
                long later = clock.Now.AddMinutes(1).UtcTicks;
                Assert.True(cache.Engine.Set("key", [2], new EntryExpiration(later, TimeSpan.TicksPerMinute, later)));
            }
        };

        bool isThere = operation switch
        {
            "get" => cache.Get("key") is [2],
            "refresh" => cache.Refresh("key"),
            _ => cache.Remove("key"),
        };

        Assert.True(isThere);
        Assert.InRange(clock.Asked - asked, 1, 100);
        clock.OnAsked = null;
        cache.Engine.CheckInvariants();
    }

    [Theory]
    [InlineData(1_000)]
    [InlineData(200_000)]
    public void Pieces_that_are_not_as_long_as_they_said_are_refused(int claimed)
    {
        using BoundedByteCache cache = Make();
        Assert.Throws<ArgumentException>(() => cache.Set("a", LyingSegment.Make(claimed, 5)));
        Assert.Throws<ArgumentException>(() => cache.Set("a", LyingSegment.Make(claimed, claimed)));
        Assert.Throws<InvalidTimeZoneException>(() => cache.Set("a", LyingSegment.Make(claimed, -1)));
        Assert.Null(cache.Get("a"));
        cache.Clear();
        Assert.Equal(0, cache.UsedMemory);
        cache.Engine.CheckInvariants();
    }

    [Theory]
    [InlineData(1_000)]
    [InlineData(200_000)]
    public void Pieces_that_change_what_they_say_are_stored_as_long_as_they_said_first(int length)
    {
        using BoundedByteCache cache = Make();
        Assert.True(cache.Set("a", Sequences.Growing(Value(1, length), more: 20)));

        Assert.Equal(Value(1, length), cache.Get("a"));
        cache.Engine.CheckInvariants();
    }

    [Fact]
    public void A_system_that_is_not_supported_is_told_with_what_is()
    {
        string message = Assert.Throws<PlatformNotSupportedException>(
            static () => LinuxPageSource.Create(excludeFromCoreDumps: false, isSupported: false)).Message;

        Assert.Equal(
            "Expected Linux on x64, where BoundedByteCache keeps its bytes in native memory, got "
                + $"{RuntimeInformation.OSDescription} ({RuntimeInformation.ProcessArchitecture}). "
                + "BoundedMemoryCache runs on every system.",
            message);
        Assert.NotNull(LinuxPageSource.Create(excludeFromCoreDumps: false, isSupported: true));
    }

    [Fact]
    public void A_dropped_cache_gives_its_addresses_back()
    {
        var pages = new FakePages();
        Drop(pages);
        Assert.True(pages.MappedBytes > 4 * MiB);
        Assert.True(Eventually.True(() => pages.UnmappedBytes == pages.MappedBytes));
    }

    private static DistributedCacheEntryOptions? Times(bool slides) =>
        slides ? new DistributedCacheEntryOptions { SlidingExpiration = TimeSpan.FromMinutes(1) } : null;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Drop(FakePages pages)
    {
        BoundedByteCache cache = Make(pages: pages);
        cache.Set("a", Value(1, 1000));
    }

    /// <summary>A writer that runs code before it returns memory.</summary>
    private sealed class Writer(Action? before) : IBufferWriter<byte>
    {
        private readonly ArrayBufferWriter<byte> _inner = new();

        public int Most { get; init; } = int.MaxValue;

        public byte[] Written => _inner.WrittenSpan.ToArray();

        public void Advance(int count) => _inner.Advance(count);

        public Memory<byte> GetMemory(int sizeHint = 0) => throw new NotSupportedException();

        public Span<byte> GetSpan(int sizeHint = 0)
        {
            before?.Invoke();
            Span<byte> span = _inner.GetSpan(sizeHint);
            return span[..Math.Min(span.Length, Most)];
        }
    }

    /// <summary>Memory whose span is not what its length says.</summary>
    private sealed class LyingMemory(int length) : MemoryManager<byte>
    {
        public override Span<byte> GetSpan() =>
            length < 0 ? throw new InvalidTimeZoneException() : new byte[length];

        public override MemoryHandle Pin(int elementIndex = 0) => throw new NotSupportedException();

        public override void Unpin()
        {
        }

        protected override void Dispose(bool disposing)
        {
        }

        public Memory<byte> Claim(int claimed) => CreateMemory(claimed);
    }

    private sealed class LyingSegment : ReadOnlySequenceSegment<byte>
    {
        private LyingSegment(Memory<byte> memory, long index) => (Memory, RunningIndex) = (memory, index);

        public static ReadOnlySequence<byte> Make(int claimed, int real)
        {
            var first = new LyingSegment(new byte[1], 0);
            Memory<byte> memory = real < 0
                ? new LyingMemory(real).Claim(claimed)
                : new byte[real];
            var last = new LyingSegment(memory, claimed);
            first.Next = last;
            return new ReadOnlySequence<byte>(first, 0, last, memory.Length);
        }
    }

    /// <summary>A piece of memory that calls user code when it is read.</summary>
    private sealed class HookedMemory(byte[] bytes, Action onRead) : MemoryManager<byte>
    {
        public override Memory<byte> Memory => CreateMemory(bytes.Length);

        public override Span<byte> GetSpan()
        {
            onRead();
            return bytes;
        }

        public override MemoryHandle Pin(int elementIndex = 0) => throw new NotSupportedException();

        public override void Unpin()
        {
        }

        protected override void Dispose(bool disposing)
        {
        }
    }

    private sealed class HookedSegment : ReadOnlySequenceSegment<byte>
    {
        private HookedSegment(Memory<byte> memory, long index) => (Memory, RunningIndex) = (memory, index);

        public static ReadOnlySequence<byte> Make(int length, Action onRead)
        {
            var first = new HookedSegment(new byte[1], 0);
            var last = new HookedSegment(new HookedMemory(new byte[length - 1], onRead).Memory, 1);
            first.Next = last;
            return new ReadOnlySequence<byte>(first, 0, last, length - 1);
        }
    }

    /// <summary>A clock that throws where the test wants it to, and whose timer ticks when the test says so.</summary>
    private sealed class ThrowingClock : TimeProvider
    {
        private TimerCallback? _onTick;
        private object? _state;

        public DateTimeOffset Now { get; set; } = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

        public bool Throws { get; set; }

        public int Thrown { get; private set; }

        public void Tick() => _onTick!(_state);

        public override DateTimeOffset GetUtcNow()
        {
            if (Throws)
            {
                Thrown++;
                throw new InvalidTimeZoneException();
            }

            return Now;
        }

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            (_onTick, _state) = (callback, state);
            return System.CreateTimer(static _ => { }, null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>A clock that calls user code when it is asked, after it knows what it will say.</summary>
    private sealed class HookedClock : TimeProvider
    {
        public Action? OnAsked { get; set; }

        public DateTimeOffset Now { get; set; } = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

        public int Asked { get; private set; }

        public override DateTimeOffset GetUtcNow()
        {
            DateTimeOffset now = Now;
            Asked++;
            OnAsked?.Invoke();
            return now;
        }
    }
}
