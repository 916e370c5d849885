using BoundedCache.Bytes;
using static BoundedCache.Tests.Bytes.ByteCacheSetup;

namespace BoundedCache.Tests.Bytes;

/// <summary>Memory that goes back to the system while others work, and who says that it went back.</summary>
public sealed class ByteGiveBackTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    [Fact]
    public void Who_ends_a_read_of_a_large_value_or_removes_one_does_not_wait_for_a_thread_that_gives_back()
    {
        var pages = new FakePages();
        using BoundedByteCache cache = Make(64 * MiB, pages: pages);
        using var isReading = new ManualResetEventSlim();
        using var mayEnd = new ManualResetEventSlim();
        using var isGivingBack = new ManualResetEventSlim();
        using var mayGoOn = new ManualResetEventSlim();
        Assert.True(cache.Set("large", Value(1, 8_000_000)));
        for (int i = 0; i < 20; i++)
        {
            Assert.True(cache.Set($"other{i}", Value(i, 1_000_000)));
        }

        var reader = new Thread(() => cache.TryGet("large", new Interrupting(() =>
        {
            isReading.Set();
            mayEnd.Wait();
        })));
        reader.Start();
        Assert.True(isReading.Wait(s_patience));
        cache.Remove("large");
        pages.OnGiveBack = () =>
        {
            if (!cache.Engine.Lock.IsHeldByCurrentThread)
            {
                isGivingBack.Set();
                mayGoOn.Wait();
            }
        };
        var shrinking = new Thread(() => cache.MaxMemory = 16 * MiB);
        shrinking.Start();
        Assert.True(isGivingBack.Wait(s_patience));

        mayEnd.Set();
        var removing = new Thread(() => cache.Remove("other19"));
        removing.Start();
        bool readerEnds = reader.Join(s_patience);
        bool removerEnds = removing.Join(s_patience);
        mayGoOn.Set();

        Assert.True(shrinking.Join(s_patience) && reader.Join(s_patience) && removing.Join(s_patience));
        Assert.Equal((true, true), (readerEnds, removerEnds));

        // What they freed is given back too, by the other thread: it looked for more after its own.
        Assert.InRange(cache.UsedMemory, 0, 10 * MiB);
        cache.Engine.CheckInvariants();
    }

    [Fact]
    public async Task Two_shrinks_at_a_time_claim_no_byte_twice()
    {
        var pages = new FakePages();
        using BoundedByteCache cache = Make(64 * MiB, pages: pages);
        for (int i = 0; i < 50_000; i++)
        {
            Assert.True(cache.Set($"key{i}", Value(i, 1_000)));
        }

        // Neither gives back before both have begun.
        using var haveBegun = new ManualResetEventSlim();
        pages.OnGiveBack = () =>
        {
            if (!cache.Engine.Lock.IsHeldByCurrentThread)
            {
                haveBegun.Wait(s_patience);
            }
        };
        long used = cache.UsedMemory;
        Task<ShrinkReport> first = cache.SetMaxMemoryAsync(32 * MiB);
        Task<ShrinkReport> second = cache.SetMaxMemoryAsync(8 * MiB);
        haveBegun.Set();
        await Task.WhenAll(first, second);

        Assert.Equal(used - cache.UsedMemory, cache.GetSnapshot().ReleasedBytes);
        cache.Engine.CheckInvariants();
    }

    [Fact]
    public void A_pool_has_room_in_its_lists_for_every_slab_before_it_maps_them()
    {
        var source = new FakePages();
        var space = new AddressSpace(source);
        var account = new PageAccount(source.PageSize);
        account.SetLimit(64 * MiB);
        var pool = new SlabPool(space, account);
        for (int i = 0; i < 100; i++)
        {
            Assert.True(pool.TryTake(1, trim: false, out _));
        }

        // Two regions of 4 MiB.
        Assert.True(((List<int>)pool.Resident).Capacity >= 128 && ((List<int>)pool.Empty).Capacity >= 128);
        GC.KeepAlive(space);
    }
}
