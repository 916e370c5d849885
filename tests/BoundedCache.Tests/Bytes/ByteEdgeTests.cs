using System.Runtime.InteropServices;
using BoundedCache.Bytes;
using Microsoft.Extensions.Caching.Distributed;
using static BoundedCache.Tests.Bytes.ByteCacheSetup;

namespace BoundedCache.Tests.Bytes;

/// <summary>The largest limits and keys, limits that fall in the middle of a write, and clocks that go back.</summary>
public sealed unsafe class ByteEdgeTests
{
    [Fact]
    public void The_largest_limit_there_is_holds_from_the_beginning_and_at_run_time()
    {
        using BoundedByteCache cache = Make(long.MaxValue);
        Fill();
        cache.MaxMemory = MiB;
        Assert.True(cache.UsedMemory <= MiB);
        cache.MaxMemory = long.MaxValue;
        Assert.Equal(long.MaxValue, cache.EffectiveMaxMemory);
        Fill();

        void Fill()
        {
            for (int i = 0; i < 100; i++)
            {
                Assert.True(cache.Set($"key{i}", Value(i, i * 2_000)));
            }

            Assert.All(Enumerable.Range(0, 100), i => Assert.Equal(Value(i, i * 2_000), cache.Get($"key{i}")));
            cache.Engine.CheckInvariants();
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_limit_that_falls_below_a_value_that_is_being_written_refuses_it(bool isReplaced)
    {
        using BoundedByteCache cache = Make();
        cache.Set(isReplaced ? "key" : "other", Value(1, 100));
        Assert.False(cache.Set("key", Sequences.Hooked(Value(2, 4_000_000), () => cache.MaxMemory = MiB)));

        Assert.InRange(cache.UsedMemory, 0, MiB);
        Assert.Null(cache.Get("key"));
        Assert.Equal(1, cache.GetSnapshot().RefusedTooLarge);
        cache.Engine.CheckInvariants();
        cache.Clear();
        Assert.Equal(0, cache.UsedMemory);
    }

    [Fact]
    public void A_clock_that_goes_back_moves_no_end_to_an_earlier_time()
    {
        var clock = new SetClock();
        using BoundedByteCache cache = Make(time: clock);
        DateTimeOffset start = clock.Now;
        var ten = TimeSpan.FromSeconds(10);
        cache.Set("at", [1], new DistributedCacheEntryOptions { AbsoluteExpiration = start + ten });
        cache.Set("in", [1], new DistributedCacheEntryOptions { AbsoluteExpirationRelativeToNow = ten });
        cache.Set("slides", [1], new DistributedCacheEntryOptions { SlidingExpiration = ten });
        string[] keys = ["at", "in", "slides"];

        clock.Now = start.AddHours(-1);
        Assert.All(keys, key => Assert.NotNull(cache.Get(key)));
        clock.Now = start.AddSeconds(9);
        Assert.All(keys, key => Assert.NotNull(cache.Get(key)));
        clock.Now = start.AddSeconds(5);
        Assert.True(cache.Refresh("slides"));
        clock.Now = start.AddSeconds(18);
        Assert.All(keys, key => Assert.Equal(key == "slides", cache.Get(key) is not null));
        clock.Now = start.AddSeconds(28);
        Assert.Null(cache.Get("slides"));
        cache.Engine.CheckInvariants();
    }

    [Theory]
    [InlineData('x', 65_536)]
    [InlineData('\u0142', 32_768)]
    public void The_longest_keys_are_told_apart_by_what_lies_in_their_second_slab(char first, int length)
    {
        using BoundedByteCache cache = Make();
        string one = new string(first, length - 1) + "1";
        string two = new string(first, length - 1) + "2";
        cache.Set(one, Value(1, 100));
        Assert.Null(cache.Get(two));
        cache.Set(two, Value(2, 200_000));
        Assert.Equal(Value(1, 100), cache.Get(one));
        Assert.Equal(Value(2, 200_000), cache.Get(two));
        Assert.Equal(0, cache.RemoveByPrefix(new string(first, length - 1) + "3"));
        Assert.Equal(1, cache.RemoveByPrefix(two));
        Assert.Equal(Value(1, 100), cache.Get(one));
        Assert.Equal(1, cache.RemoveByPrefix(one[..^1]));
        Assert.Equal(0, cache.Count);
    }

    [Theory]
    [InlineData('x')]
    [InlineData('\u0142')]
    public void A_key_beyond_two_gibibytes_is_too_long_as_any_other(char first)
    {
        const int Length = 1_073_741_824;
        using BoundedByteCache cache = Make();
        cache.Set("", [1]);

        // Of these pages only those are resident that are written.
        void* memory = NativeMemory.AllocZeroed(Length, sizeof(char));
        try
        {
            var key = new ReadOnlySpan<char>(memory, Length);
            *(char*)memory = first;
            Assert.False(cache.Set(key, [1]));
            Assert.Null(cache.Get(key));
            Assert.False(cache.Remove(key));
            Assert.Equal(0, cache.RemoveByPrefix(key));
        }
        finally
        {
            NativeMemory.Free(memory);
        }

        Assert.Equal(1, cache.Count);
        Assert.Equal(1, cache.GetSnapshot().RefusedTooLarge);
    }

    [Fact]
    public void The_buffer_of_a_long_key_holds_nothing_of_it_afterwards()
    {
        char[] key = [.. Enumerable.Range(0, 30_000).Select(static i => (char)('a' + (i % 26)))];
        byte[] buffer = new byte[EncodedKey.StackBytes];
        ReadOnlySpan<byte> rented;
        using (var encoded = new EncodedKey(key, buffer))
        {
            rented = encoded.Bytes;
            Assert.Equal(key.Length, rented.Length);
            Assert.True(rented.ContainsAnyExcept((byte)0));
        }

        Assert.False(rented.ContainsAnyExcept((byte)0));
    }

    [Fact]
    public void Slabs_of_many_regions_make_little_garbage()
    {
        const int Regions = 400;
        const int Slabs = Regions * (4 * (int)MiB / SlabPool.LargeSlab);
        var source = new FakePages();
        var space = new AddressSpace(source);
        var account = new PageAccount(source.PageSize);
        account.SetLimit(long.MaxValue);
        var pool = new SlabPool(space, account, SlabPool.LargeSlab);
        int taken = 0;
        long before = GC.GetAllocatedBytesForCurrentThread();
        while (taken < Slabs && pool.TryTake(1, trim: false, out int slab) && slab == taken)
        {
            *(int*)(pool.Address(slab) + SlabPool.HeaderSize) = taken++;
        }

        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.Equal(Slabs, taken);
        for (int i = 0; i < Slabs; i++)
        {
            Assert.Equal(i, *(int*)(pool.Address(i) + SlabPool.HeaderSize));
        }

        // Growing by one each time would copy 8 bytes for each region that there is already, and as much for each of
        // its slabs in both lists. Doubled each time, a list takes up to 4 times its length in all.
        Assert.InRange(allocated, 0, (Regions * 8 * 4) + (Slabs * sizeof(int) * 2 * 4));
        GC.KeepAlive(space);
    }

    private sealed class SetClock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
